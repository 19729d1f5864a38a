using System.Collections.Concurrent;

namespace LoraWal.CrashTests;

/// <summary>How a run under faults may end.</summary>
[Flags]
internal enum Outcome
{
    None = 0,

    /// <summary>Everything was acknowledged, and the log closed.</summary>
    Clean = 1,

    /// <summary>Appends were refused for want of space, and nothing else.</summary>
    Full = 2,

    /// <summary>The latch closed.</summary>
    Poisoned = 4,

    /// <summary>The log was not opened.</summary>
    Refused = 8,

    /// <summary>The process was killed.</summary>
    Killed = 16,
}

/// <summary>One system call, on one group of files, fails in one way at every n-th call: one run for each n. After each
/// of them the log is checked without faults, and goes on.</summary>
internal sealed class Sweep(string mode, string call, string group)
{
    // Two processes at a time; each run bounds itself.
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = 2 };

    private static readonly Dictionary<string, Lazy<Task<CallTrace>>> Traces = new(StringComparer.Ordinal)
    {
        ["PerCommit"] = new(() => CallTrace.RecordAsync(Arguments("PerCommit"))),
        ["GroupSync"] = new(() => CallTrace.RecordAsync(Arguments("GroupSync"))),
    };

    private readonly ConcurrentQueue<string> _failures = [];
    private int _runs;
    private int _injected;

    /// <summary>What runs make, without faults.</summary>
    public static Task<CallTrace> TraceAsync(string mode) => Traces[mode].Value;

    /// <summary>Sweeps over n.</summary>
    /// <param name="faults">What the call does instead, as strace says it: <c>error=EIO</c>.</param>
    /// <param name="named">What messages call that.</param>
    /// <param name="allowed">How a run that met the fault may end.</param>
    /// <param name="steps">Which calls after the n-th fail too, as strace says it: none, "+" for all.</param>
    public async Task RunAsync(string[] faults, string[] named, Outcome allowed, params string[] steps)
    {
        int most = (await TraceAsync(mode)).Most(call, group);
        Assert.True(most > 0, $"The log makes no {call} on {group}: nothing would be tested.");
        var cases =
            from n in Picked(most)
            from fault in faults.Zip(named)
            from step in steps
            select (Inject: $"{call}:{fault.First}:when={n}{step}", Named: fault.Second, IsFirst: n == 1);
        await Parallel.ForEachAsync(cases, Parallelism, async (one, _) =>
        {
            try
            {
                await RunOneAsync(one.Inject, one.Named, allowed, one.IsFirst);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                _failures.Enqueue($"{one.Inject} on {group}, {mode}: {failure.Message}");
            }
        });
        Deep.Figures($"{call} on {group}, {mode}: {_runs} runs, {_injected} faults injected");
        Assert.True(_failures.IsEmpty, string.Join(Environment.NewLine, _failures));
    }

    private static string[] Arguments(string mode) => ["mixed", "34", mode];

    // In the long run every n, and one that is never reached; else the first ones, the middle and the last.
    private static IEnumerable<int> Picked(int most) =>
        Deep.IsOn ? Enumerable.Range(1, most + 1) : new[] { 1, 2, most / 2, most }.Where(n => n > 0).Distinct();

    private async Task RunOneAsync(string inject, string named, Outcome allowed, bool mustInject)
    {
        using var log = new LogDirectory();
        string output = Path.Combine(log.Parent, "trace");
        string[] arguments = Arguments(mode);
        string[] strace = Strace.Command(inject, output, LogFiles.Of(log.Path, group));
        using FaultRun run = FaultRun.StartUnder(strace, [arguments[0], log.Path, .. arguments[1..]]);
        await run.ToEndAsync();

        int injected = (await File.ReadAllTextAsync(output)).Split("(INJECTED)").Length - 1;
        Outcome outcome = OutcomeOf(run);
        injected += outcome == Outcome.Killed ? 1 : 0;
        Interlocked.Increment(ref _runs);
        Interlocked.Add(ref _injected, injected);
        string said = string.Join(" | ", run.Lines.Where(IsFailure));
        Assert.True(injected > 0 || !mustInject, "strace injected nothing");
        Assert.True((outcome & (injected > 0 ? allowed : Outcome.Clean)) != 0, $"it ended {outcome}: {said}");
        Assert.True(
            (outcome & ~(Outcome.Clean | Outcome.Killed)) == 0 || said.Contains(named, StringComparison.Ordinal),
            $"the cause is not named: {said}");
        await Ledger.Of(run.Lines).GoesOnAsync(log.Path, powerCut: false);
    }

    private static bool IsFailure(string line) =>
        line.Split(' ')[0] is "FAIL" or "FULL" or "POISONED" or "CLOSEFAIL" or "REFUSED";

    private static Outcome OutcomeOf(FaultRun run)
    {
        // strace ends as its process did; anything else is a crash of the process.
        Assert.True(run.ExitCode is 0 or 3 or 137, $"The process ended with {run.ExitCode}");
        bool Says(string start) => run.Lines.Any(line => line.StartsWith(start, StringComparison.Ordinal));
        return run.ExitCode == 137 ? Outcome.Killed
            : Says("REFUSED ") ? Outcome.Refused
            : Says("POISONED ") || Says("FAIL ") || Says("CLOSEFAIL The log is poisoned") ? Outcome.Poisoned
            : Says("FULL ") || Says("CLOSEFAIL ") ? Outcome.Full
            : Outcome.Clean;
    }
}
