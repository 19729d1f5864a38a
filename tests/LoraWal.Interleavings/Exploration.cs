using System.Globalization;
using System.Reflection;
using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.SystematicTesting;

namespace LoraWal.Interleavings;

/// <summary>Explores the interleavings of one scenario, in copies of the assemblies.</summary>
/// <remarks>
/// The same seed explores the same schedules. <c>LORAWAL_SEED</c> sets another one; <c>LORAWAL_DEEP=1</c> explores
/// twenty times as many; <c>LORAWAL_TRACE=FILE</c> repeats the one schedule that a finding has left in that file.
/// </remarks>
internal static class Exploration
{
    private const uint Iterations = 1_000;
    private const uint DeepIterations = 20_000;
    private const uint DefaultSeed = 1;

    // For waits that the schedule does not reach, of which there are none: a real deadlock is seen at once. A starved
    // machine must not be taken for one.
    private const uint PatienceMilliseconds = 60_000;

    /// <summary>Fails with the first finding, the seed and the schedule.</summary>
    /// <param name="copy">The copy of this assembly.</param>
    /// <param name="scenario">A scenario.</param>
    public static void FindsNothing(Assembly copy, Func<Task> scenario)
    {
        TestReport report = Run(copy, scenario, RepeatedTrace, out string trace);
        string name = scenario.Method.Name;
        if (report.NumOfFoundBugs > 0)
        {
            string file = Path.Combine(AppContext.BaseDirectory, $"{name}.trace");
            File.WriteAllText(file, trace);
            Assert.Fail($"""
                {name}, seed {report.Configuration.RandomGeneratorSeed}:
                {string.Join(Environment.NewLine, report.BugReports)}
                Again: LORAWAL_TRACE={file} dotnet test tests/LoraWal.Interleavings --filter DisplayName~{name}
                """);
        }

        // Nothing may run, or wait, where the schedule does not reach it; or too little has been explored.
        Assert.Empty(report.UncontrolledInvocations);
        Assert.Empty(report.InternalErrors);
        Assert.True(report.MaxConcurrencyDegree > 2, "Hardly anything ran at the same time.");
    }

    /// <summary>Fails unless there is a finding, and its schedule leads to it again.</summary>
    /// <param name="copy">The copy of this assembly, beside a copy of the log with a planted bug.</param>
    /// <param name="scenario">A scenario.</param>
    /// <param name="words">What the finding says.</param>
    public static void Finds(Assembly copy, Func<Task> scenario, string words)
    {
        TestReport report = Run(copy, scenario, RepeatedTrace, out string trace);
        Assert.Contains(words, Assert.Single(report.BugReports), StringComparison.Ordinal);

        TestReport again = Run(copy, scenario, trace, out _);
        Assert.Contains(words, Assert.Single(again.BugReports), StringComparison.Ordinal);
    }

    private static TestReport Run(Assembly copy, Func<Task> scenario, string? repeat, out string trace)
    {
        Configuration configuration = Configuration.Create()
            .WithTestingIterations(Setting("LORAWAL_DEEP") is { } deep && deep != "0" ? DeepIterations : Iterations)
            .WithRandomGeneratorSeed(Seed)
            .WithPotentialDeadlocksReportedAsBugs(true)
            .WithDeadlockTimeout(PatienceMilliseconds)
            .WithConsoleLoggingEnabled(false)
            .WithVerbosityEnabled(VerbosityLevel.None)
            .WithTelemetryEnabled(false);
        if (repeat is not null)
        {
            configuration = configuration.WithReproducibleTrace(repeat).WithTestingIterations(1);
        }

        Func<Task> body = copy.GetType(scenario.Method.DeclaringType!.FullName!, throwOnError: true)!
            .GetMethod(scenario.Method.Name, BindingFlags.Static | BindingFlags.Public)!
            .CreateDelegate<Func<Task>>();
        using TestingEngine engine = TestingEngine.Create(configuration, body);
        Assert.True(engine.IsTestRewritten(), "Coyote has not rewritten the scenario.");
        engine.Run();
        trace = engine.ReproducibleTrace;
        return engine.TestReport;
    }

    private static uint Seed =>
        Setting("LORAWAL_SEED") is { } text ? (uint)long.Parse(text, CultureInfo.InvariantCulture) : DefaultSeed;

    private static string? RepeatedTrace =>
        Setting("LORAWAL_TRACE") is { } file ? File.ReadAllText(file) : null;

    private static string? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;
}
