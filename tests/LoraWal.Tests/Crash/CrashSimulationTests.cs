using System.Globalization;
using LoraWal.Simulation;
using LoraWal.Tests.House;

namespace LoraWal.Tests.Crash;

/// <summary>Thousands of crashes, each from one seed. LORAWAL_SEED replays one; LORAWAL_SEEDS sets how many run,
/// LORAWAL_FIRST_SEED where they begin.</summary>
public class CrashSimulationTests
{
    private const int Shards = 4;
    private const long DefaultSeeds = 4_000;

    public static TheoryData<long> OnceFailed =>
        [.. File.ReadLines(Path.Combine(Repository.Root, "tests", "LoraWal.Tests", "Crash", "failed-seeds.txt"))
            .Select(line => line.Split('#')[0].Trim())
            .Where(line => line.Length > 0)
            .Select(line => long.Parse(line, CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(OnceFailed))]
    public void A_seed_that_once_failed_keeps_every_promise(long seed) => CrashSimulation.Run(seed);

    internal static void RunShard(int shard)
    {
        if (Number("LORAWAL_SEED") is { } one)
        {
            if (shard == 0)
            {
                CrashSimulation.Run(one);
            }

            return;
        }

        long first = Number("LORAWAL_FIRST_SEED") ?? 1;
        long count = Number("LORAWAL_SEEDS") ?? DefaultSeeds;
        for (long seed = first + shard; seed < first + count; seed += Shards)
        {
            CrashSimulation.Run(seed);
        }
    }

    private static long? Number(string variable) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out long value)
            ? value
            : null;
}

// A class each: xunit runs classes beside one another.
public class CrashSimulationShard0
{
    [Fact]
    public void Every_promise_survives_every_crash() => CrashSimulationTests.RunShard(0);
}

public class CrashSimulationShard1
{
    [Fact]
    public void Every_promise_survives_every_crash() => CrashSimulationTests.RunShard(1);
}

public class CrashSimulationShard2
{
    [Fact]
    public void Every_promise_survives_every_crash() => CrashSimulationTests.RunShard(2);
}

public class CrashSimulationShard3
{
    [Fact]
    public void Every_promise_survives_every_crash() => CrashSimulationTests.RunShard(3);
}
