using Xunit;

namespace LoraWal.MutationGate;

/// <summary>Plants one bug after the other in the log: the crash simulation must find each of them.</summary>
public class PlantedBugTests
{
    private const int LeastBugs = 30;
    private const long SeedsWithoutBug = 2_000;

    public static TheoryData<string> Bugs => [.. PlantedBug.All.Select(bug => bug.Name)];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_is_killed(string name)
    {
        int bug = 1 + Array.FindIndex(PlantedBug.All, planted => planted.Name == name);

        Kill? kill = Gate.FindKill(bug);

        Assert.True(kill is not null, $"'{name}' survived {Gate.Budget} seeds: a hole in the tests");
        Assert.Null(Simulation.CrashSimulation.FindFailure(kill.Seed));
        TestContext.Current.TestOutputHelper?.WriteLine(KillText.Of(bug, kill, Gate.Budget));
    }

    [Fact]
    public void Without_a_planted_bug_the_same_seeds_pass() => Assert.Null(Gate.FindKill(bug: 0, SeedsWithoutBug));

    [Fact]
    public void There_are_at_least_30_planted_bugs_with_names_of_their_own() =>
        Assert.True(PlantedBug.All.Select(bug => bug.Name).Distinct().Count() is var count && count >= LeastBugs
            && count == PlantedBug.All.Length);

    [Fact]
    public void All_planted_bugs_are_switched_off_by_default() => Assert.Equal(0, PlantedBug.Active);
}
