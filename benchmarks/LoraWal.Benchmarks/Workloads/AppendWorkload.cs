using LoraWal.Benchmarks.Floors;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>Callers that append, or commit transactions, to one promise.</summary>
internal sealed record AppendWorkload(Plan Plan, Promise Promise, int Callers, int PayloadBytes) : IWorkload
{
    public bool IsAsync { get; init; }

    /// <summary>Records in a transaction; 0: plain appends.</summary>
    public int TransactionRecords { get; init; }

    public string Group => TransactionRecords > 0 ? "transactions" : Promise.ToString().ToLowerInvariant();

    public string Id =>
        $"{Group}/{(TransactionRecords > 0 ? TransactionRecords : Callers)}{(IsAsync ? "-async" : "")}/{PayloadBytes}";

    public string Title => (TransactionRecords > 0
        ? $"durable transactions of {TransactionRecords} records"
        : Promise == Promise.Durable
            ? $"durable commits, {Counted(Callers, IsAsync ? "async writer" : "writer")}"
            : $"{Group} appends, {Counted(Callers, IsAsync ? "async caller" : "thread")}")
        + $", {Payload.Describe(PayloadBytes)}";

    public int Rounds => Plan.Rounds;

    public bool KeepsDirectory => false;

    // Only LoraWal and FasterLog have an asynchronous append that need not wait for a thread.
    public bool Takes(IContender contender) =>
        (contender is not SharedFloor || (Callers > 1 && IsAsync == (Promise == Promise.Durable)))
        && (contender.Keeps(Promise) || (Promise == Promise.Buffered && contender.Name == Contenders.Floor))
        && (!IsAsync || Promise == Promise.Durable || contender is LoraWalContender or FasterLogPeer
            || contender.Name == Contenders.Floor);

    public Task<Dictionary<string, double>> PrepareAsync(IContender contender, string directory) =>
        Task.FromResult(new Dictionary<string, double>());

    public async Task<Dictionary<string, double>> RunAsync(IContender contender, string directory)
    {
        byte[] payload = Payload.Of(PayloadBytes);
        bool isFloor = contender.Name == Contenders.Floor;
        using ILog log = contender.Open(directory, Promise);
        LatencyHistogram? latencies = Promise == Promise.Durable ? new LatencyHistogram() : null;
        Action operation = TransactionRecords > 0
            ? () => log.AppendMany(payload, TransactionRecords)
            : () => log.Append(payload);
        Func<TimeSpan, Task<long>> run = IsAsync && !isFloor
            ? time => Load.AsyncAsync(log, payload, Callers, time, latencies)
            : time => Task.FromResult(Load.Blocking(operation, isFloor ? 1 : Callers, time, latencies));

        await run(Plan.WarmUp);
        latencies?.Clear();
        Meter meter = new(directory, countsDevice: Promise == Promise.Durable);
        Dictionary<string, double> values = meter.Stop(await run(Plan.Time));
        latencies?.Report(values);
        return values;
    }

    private static string Counted(int count, string noun) => $"{count:N0} {noun}{(count == 1 ? "" : "s")}";
}
