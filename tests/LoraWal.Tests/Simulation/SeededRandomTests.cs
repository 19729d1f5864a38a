using LoraWal.TestSupport;

namespace LoraWal.Tests.Simulation;

public class SeededRandomTests
{
    [Fact]
    public void A_seed_gives_the_same_numbers_for_ever()
    {
        byte[] bytes = new byte[10];
        new SeededRandom(1).Fill(bytes);

        Assert.Equal("F465B9A16A9E786E", Convert.ToHexString(bytes)[..16]);
    }

    [Fact]
    public void A_clone_goes_on_from_the_same_place()
    {
        SeededRandom random = new(3);
        random.Next();
        SeededRandom clone = random.Clone();

        Assert.Equal(random.NextInt64(), clone.NextInt64());
    }

    [Fact]
    public void Numbers_lie_within_their_limits_and_reach_them()
    {
        SeededRandom random = new(5);
        int[] seen = [.. Enumerable.Range(0, 1000).Select(_ => random.Next(-2, 3)).Distinct().Order()];

        Assert.Equal([-2, -1, 0, 1, 2], seen);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(random.Next(7), 0, 6));
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(random.NextInt64(5, 8), 5, 7));
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(random.NextDouble(), 0, 1));
    }

    [Fact]
    public void A_log_in_a_simulated_world_has_a_working_environment()
    {
        TestLog log = new(seed: 7);
        WalEnvironment environment = log.CreateEnvironment();
        environment.Storage.CreateDirectory();
        environment.Storage.Create("a");
        environment.Work.Run("w", () => { });

        log.Kill();

        Assert.Empty(log.Work.Pending);
        Assert.Throws<SimulatedCrashException>(environment.Storage.List);
        Assert.Equal(["a"], log.CreateEnvironment().Storage.List());
        Assert.Equal(log.Time, environment.Time);
    }
}
