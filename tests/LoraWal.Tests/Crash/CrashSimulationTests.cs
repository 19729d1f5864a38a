using System.Globalization;
using LoraWal.Simulation;
using LoraWal.Tests.House;

namespace LoraWal.Tests.Crash;

/// <summary>Thousands of crashes, each from one seed. LORAWAL_SEED replays one; LORAWAL_SEEDS sets how many run,
/// LORAWAL_FIRST_SEED where they begin.</summary>
public class CrashSimulationTests(ITestOutputHelper output)
{
    private const long DefaultSeeds = 100_000;

    public static TheoryData<long> OnceFailed =>
        [.. File.ReadLines(Path.Combine(Repository.Root, "tests", "LoraWal.Tests", "Crash", "failed-seeds.txt"))
            .Select(line => line.Split('#')[0].Trim())
            .Where(line => line.Length > 0)
            .Select(line => long.Parse(line, CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(OnceFailed))]
    public void A_seed_that_once_failed_keeps_every_promise(long seed) => CrashSimulation.Run(seed);

    [Fact]
    public void Every_promise_survives_every_crash()
    {
        if (Number("LORAWAL_SEED") is { } one)
        {
            CrashSimulation.Run(one);
            return;
        }

        long count = Number("LORAWAL_SEEDS") ?? DefaultSeeds;
        var run = new SeedRun(Number("LORAWAL_FIRST_SEED") ?? 1, count, Environment.ProcessorCount);
        run.Start();
        run.Wait();
        output.WriteLine(run.Totals().ToString());
        Assert.True(run.Failure is null, run.Failure);
        Assert.Equal(count, run.Totals().Seeds);
    }

    private static long? Number(string variable) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out long value)
            ? value
            : null;
}
