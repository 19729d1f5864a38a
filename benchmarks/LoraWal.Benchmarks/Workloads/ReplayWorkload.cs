using System.Diagnostics;
using System.Globalization;
using LoraWal.Benchmarks.Floors;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>Reads a log from its first record, in a process of its own, whose peak memory is taken. The cache is
/// warm: the log was just written.</summary>
internal sealed record ReplayWorkload(Plan Plan, long Records, bool OneByOne) : IWorkload
{
    public const string Child = "replay";
    private const int PayloadBytes = 100;
    private const long WarmUpRecords = 20_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.7);
    private const long ManyRecords = 1_000_000;

    public string Group => "replay";

    public string Id => $"replay/{Records}{(OneByOne ? "-lone" : "")}/{PayloadBytes}";

    public string Title =>
        $"replay of {Records / 1_000_000} million records of {PayloadBytes} B, written "
        + (OneByOne ? "one by one" : "in transactions of 100");

    public int Rounds => Plan.ReadingRounds;

    public bool KeepsDirectory => true;

    // DotNext takes minutes to write a million records, whatever the commits; it runs out of files if they are large.
    // Ten million records take the others a minute each to write, or more memory than there may be.
    public bool Takes(IContender contender) =>
        OneByOne ? contender is LoraWalContender
        : contender is not SharedFloor
        && ((Records <= ManyRecords && contender is not DotNextPeer && !IsSlowToFill(contender))
            || contender is LoraWalContender or FasterLogPeer or FloorContender);

    private bool IsSlowToFill(IContender contender) => Plan.IsQuick && contender is (RocksDbPeer or ZoneTreePeer);

    public async Task<Dictionary<string, double>> PrepareAsync(IContender contender, string directory)
    {
        await Filling.RunAsync(contender, directory, PayloadBytes, Records, OneByOne);
        return new Dictionary<string, double>
        {
            ["disk_bytes"] = DirectorySize.Used(directory) / (double)Records,
            ["disk_whole_bytes"] = DirectorySize.Whole(directory) / (double)Records,
        };
    }

    public async Task<Dictionary<string, double>> RunAsync(IContender contender, string directory)
    {
        Dictionary<string, double> values = await ChildProcess.RunAsync(
            [], Child, contender.Name, directory, "");
        long sum = Records * (PayloadBytes + Payload.Of(PayloadBytes)[0]);
        return values["records"] == Records && values["sum"] == sum
            ? values
            : throw new InvalidDataException($"it read {values["records"]} of {Records} records, or other bytes");
    }

    /// <summary>The child.</summary>
    public static Dictionary<string, double> Measure(IContender contender, string directory)
    {
        long start = Stopwatch.GetTimestamp();
        using ILog log = contender.Open(directory, Filling.PromiseOf(contender));
        double open = Stopwatch.GetElapsedTime(start).TotalMilliseconds;

        // Many short reads, so that the compiler is done with all methods before the long one.
        for (long warm = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warm) < WarmUp;)
        {
            log.Replay(WarmUpRecords);
        }

        Meter meter = new(directory, countsDevice: false);
        (long records, long sum) = log.Replay(long.MaxValue);
        Dictionary<string, double> values = meter.Stop(records);
        values["records"] = records;
        values["sum"] = sum;
        values["open_ms"] = open;
        values["mb_per_s"] = values["rate"] * PayloadBytes / 1e6;
        values["peak_mib"] = PeakMemory("VmHWM") / 1024.0;
        return values;
    }

    private static double PeakMemory(string key) =>
        double.Parse(
            File.ReadLines("/proc/self/status").First(line => line.StartsWith(key, StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
}
