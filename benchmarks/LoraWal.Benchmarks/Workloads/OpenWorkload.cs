using System.Diagnostics;
using System.Globalization;
using LoraWal.Benchmarks.Floors;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>Opens a log that was closed, or whose process was killed.</summary>
internal sealed record OpenWorkload(Plan Plan, int Megabytes, bool AfterKill) : IWorkload
{
    public const string Child = "leave";
    private const int PayloadBytes = 1024;
    private const int FewMegabytes = 100;
    private const int AppendedBeforeKill = 1000;

    private long Records => (Megabytes * 1_000_000L) / PayloadBytes;

    public string Group => "open";

    public string Id => $"open/{Megabytes}{(AfterKill ? "-kill" : "-clean")}";

    public string Title =>
        $"open {(Megabytes < 1000 ? $"{Megabytes} MB" : $"{Megabytes / 1000} GB")} "
        + (AfterKill ? "after kill -9" : "after a clean close");

    public int Rounds => Plan.ReadingRounds;

    public bool KeepsDirectory => true;

    public bool Takes(IContender contender) =>
        contender is not (SharedFloor or FloorContender)
        && ((Megabytes <= FewMegabytes && !Plan.IsQuick) || contender is LoraWalContender or FasterLogPeer
            || (Plan.IsQuick && contender is SqlitePeer));

    public async Task<Dictionary<string, double>> PrepareAsync(IContender contender, string directory)
    {
        await Filling.RunAsync(contender, directory, PayloadBytes, Records, oneByOne: false);
        return [];
    }

    public async Task<Dictionary<string, double>> RunAsync(IContender contender, string directory)
    {
        if (AfterKill)
        {
            await ChildProcess.RunAndKillAsync(
                Child, contender.Name, directory, AppendedBeforeKill.ToString(CultureInfo.InvariantCulture));
        }

        long start = Stopwatch.GetTimestamp();
        using ILog log = contender.Open(directory, Filling.PromiseOf(contender));
        return new Dictionary<string, double> { ["open_ms"] = Stopwatch.GetElapsedTime(start).TotalMilliseconds };
    }

    /// <summary>The child: appends, and waits to be killed.</summary>
    public static void LeaveOpen(IContender contender, string directory, int records)
    {
        ILog log = contender.Open(directory, Filling.PromiseOf(contender));
        Filling.Fill(log, Payload.Of(PayloadBytes), records, transactionRecords: records);
        ChildProcess.SayReady();
        Thread.Sleep(Timeout.Infinite);
        GC.KeepAlive(log);
    }
}
