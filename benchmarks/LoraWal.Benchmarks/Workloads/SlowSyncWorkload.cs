using System.Diagnostics;
using LoraWal.Benchmarks.Floors;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>How long appends take while each fsync takes 200 ms: a paced caller, in a process under strace, which
/// delays that system call and touches no other.</summary>
internal sealed record SlowSyncWorkload(Plan Plan, Promise Promise) : IWorkload
{
    public const string Child = "slow";
    private const int PayloadBytes = 100;
    private const int PerSecond = 10_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(2);

    private static readonly string[] Strace =
    [
        "strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null",
        "-e", "trace=fsync,fdatasync,msync",
        "-e", "inject=fsync,fdatasync,msync:delay_exit=200000",
    ];

    public string Group => "slow";

    public string Id => $"slow/{Promise.ToString().ToLowerInvariant()}";

    public string Title =>
        $"{Promise.ToString().ToLowerInvariant()} appends, {PerSecond:N0}/s, while each fsync takes 200 ms";

    public int Rounds => 1; // twenty thousand appends, and seconds to start under strace

    public bool KeepsDirectory => false;

    public bool Takes(IContender contender) => contender.Keeps(Promise)
        && contender is not (SharedFloor or FloorContender)
        && (!Plan.IsQuick || contender is LoraWalContender or FasterLogPeer);

    public Task<Dictionary<string, double>> PrepareAsync(IContender contender, string directory) =>
        Paths().Any(path => File.Exists(Path.Combine(path, Strace[0])))
            ? Task.FromResult(new Dictionary<string, double>())
            : throw new NotSupportedException("there is no strace here (Debian: apt-get install strace)");

    public Task<Dictionary<string, double>> RunAsync(IContender contender, string directory) =>
        ChildProcess.RunAsync(Strace, Child, contender.Name, directory, Promise.ToString());

    /// <summary>The child. The caller spins until its next turn: a sleep would add its own lateness.</summary>
    public static Dictionary<string, double> Measure(IContender contender, string directory, Promise promise)
    {
        byte[] payload = Payload.Of(PayloadBytes);
        LatencyHistogram latencies = new();
        ILog log = contender.Open(directory, promise); // never closed: that would wait for many a slow fsync
        long step = Stopwatch.Frequency / PerSecond;
        long start = Stopwatch.GetTimestamp();
        long measureFrom = start + (long)(WarmUp.TotalSeconds * Stopwatch.Frequency);
        long end = measureFrom + (long)(Time.TotalSeconds * Stopwatch.Frequency);
        for (long due = start; due < end; due += step)
        {
            while (Stopwatch.GetTimestamp() < due)
            {
                Thread.SpinWait(20);
            }

            // From when it was due: an append that hangs makes those behind it late, and that counts.
            log.Append(payload);
            if (due >= measureFrom)
            {
                latencies.Add(Stopwatch.GetTimestamp() - due);
            }
        }

        Dictionary<string, double> values = [];
        latencies.Report(values);
        GC.KeepAlive(log);
        return values;
    }

    private static string[] Paths() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
}
