using System.Text;
using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>One seed's simulation: operations, crashes, faults, and the oracle's verdict.</summary>
internal static class CrashSimulation
{
    private const int MostShrinkRuns = 300;
    private static readonly TimeSpan MostShrinkTime = TimeSpan.FromSeconds(10);

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="totals">Where what it did is added; null: nowhere.</param>
    /// <exception cref="BrokenPromiseException">The log broke a promise. The message holds the seed and the shortest
    /// list of operations found that shows it.</exception>
    public static void Run(long seed, SimulationTotals? totals = null)
    {
        if (Try(seed, kept: null, out CrashWorld ran) is not { } first)
        {
            totals?.Add(ran.Totals());
            return;
        }

        HashSet<int> kept = Shrink(seed);
        string failure = Try(seed, kept, out CrashWorld world, keepsNotes: true)
            ?? Try(seed, null, out world, keepsNotes: true)
            ?? $"it does not fail again; first: {first}";
        StringBuilder text = new();
        text.AppendLine(null, $"seed {seed}: {failure}");
        text.AppendLine(null, $"replay it alone with LORAWAL_SEED={seed}; operations left by shrinking:");
        text.AppendLine(null, $"{world.Profile}, {world.Log.Options.SyncMode}");
        foreach (string line in world.History)
        {
            text.AppendLine(line);
        }

        throw new BrokenPromiseException(text.ToString());
    }

    /// <summary>Runs a seed, and tells what happened.</summary>
    /// <returns>The promise that the log broke; null if it kept them all.</returns>
    public static string? Describe(long seed, out IReadOnlyList<string> history)
    {
        string? failure = Try(seed, kept: null, out CrashWorld world, keepsNotes: true);
        history = world.History;
        return failure;
    }

    /// <summary>Runs a seed, without shrinking.</summary>
    /// <returns>The promise that the log broke; null if it kept them all.</returns>
    public static string? FindFailure(long seed) => Try(seed, kept: null, out _);

    private static string? Try(long seed, HashSet<int>? kept, out CrashWorld world, bool keepsNotes = false)
    {
        world = new CrashWorld(new SeededRandom(seed), seed) { KeepsNotes = keepsNotes || CrashWorld.Traces };
        try
        {
            for (int i = 0; i < world.Profile.Operations; i++)
            {
                if (kept is null || kept.Contains(i))
                {
                    Step(world, seed, i);
                }
            }

            world.Random = new SeededRandom(seed ^ (1L << 40));
            Finish(world);
            return null;
        }
        catch (Exception failure)
        {
            return failure is BrokenPromiseException ? failure.Message : failure.ToString();
        }
        finally
        {
            world.Dispose();
        }
    }

    private static void Step(CrashWorld world, long seed, int number)
    {
        // Each operation has its own chance, so that dropping one does not change the others.
        world.Random = new SeededRandom((seed * 1009) + number + 1);
        world.Note($"[{number}]");
        try
        {
            CrashOperations.Do(world);
        }
        catch (SimulatedCrashException) when (world.Disk.IsCrashed)
        {
        }

        bool runsAll = !world.Random.OneIn(6) || world.Wal is null;
        if (runsAll && !world.Disk.IsCrashed)
        {
            world.Pump();
        }

        world.Settle(runsAll);
    }

    private static void Finish(CrashWorld world)
    {
        world.Note("[end]");
        if (world.Wal is not null)
        {
            world.Note("power cut");
            world.Crash(isPowerCut: true);
        }

        world.EnsureOpen(0);
        world.Disarm();
        if (world.Profile.EndsTwice)
        {
            world.Note("power cut");
            world.Crash(isPowerCut: true);
            world.EnsureOpen(0);
        }

        if (world.Profile.EndsInDamage)
        {
            FinalDamage.Check(world);
        }
    }

    // Drops operations as long as the seed still fails: halves first, then ever smaller pieces.
    private static HashSet<int> Shrink(long seed)
    {
        Try(seed, null, out CrashWorld world);
        List<int> kept = [.. Enumerable.Range(0, world.Profile.Operations)];
        int runs = 0;
        long start = TimeProvider.System.GetTimestamp();
        for (int piece = kept.Count / 2; piece > 0; piece /= 2)
        {
            for (int at = 0; at < kept.Count && runs < MostShrinkRuns; runs++)
            {
                if (TimeProvider.System.GetElapsedTime(start) > MostShrinkTime)
                {
                    break;
                }

                List<int> fewer = [.. kept.Where((_, place) => place < at || place >= at + piece)];
                if (Try(seed, [.. fewer], out _) is not null)
                {
                    kept = fewer;
                }
                else
                {
                    at += piece;
                }
            }
        }

        return [.. kept];
    }
}
