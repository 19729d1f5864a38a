using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Report;

/// <summary>What LoraWal has to reach, and whether it did in this run.</summary>
internal static class Bars
{
    private static readonly Bar[] All =
    [
        new("durable commit, 1 writer, 100 B, of the floor", 0.9, r => OfFloor(r, "durable/1/100")),
        new("the same, of the best peer", 1, r => OfBest(r, "durable/1/100")),
        new("durable commits, 16 writers, of the 1-writer floor", 12, r => OfFloor(r, "durable/16-async/100")),
        new("durable commits, 64 writers, of the 1-writer floor", 40, r => OfFloor(r, "durable/64-async/100")),
        new("durable commits, 256 writers, of the 1-writer floor", 100, r => OfFloor(r, "durable/256-async/100")),
        new("16 writers, of the best peer", 2, r => OfBest(r, "durable/16-async/100")),
        new("64 writers, of the best peer", 2, r => OfBest(r, "durable/64-async/100")),
        new("256 writers, of the best peer", 2, r => OfBest(r, "durable/256-async/100")),
        new("16 writers, p99 in floor latencies", 4, r => Latency(r, "durable/16-async/100"), IsMost: true),
        new("64 writers, p99 in floor latencies", 4, r => Latency(r, "durable/64-async/100"), IsMost: true),
        new("256 writers, p99 in floor latencies", 4, r => Latency(r, "durable/256-async/100"), IsMost: true),
        new("written append, 1 thread, of the floor", 0.7, r => OfFloor(r, "written/1/100")),
        new("written appends, 4 threads, of the 1-thread floor", 1, r => OfFloor(r, "written/4/100")),
        new("buffered append, 1 thread, of FasterLog", 1, r => OfBest(r, "buffered/1/100")),
        new("buffered appends, 4 threads, of FasterLog", 1, r => OfBest(r, "buffered/4/100")),
        new("written append while an fsync takes 200 ms, p99 in microseconds", 1000,
            r => Own(r, "slow/written", "p99_us"), IsMost: true),
        new("replay of batches, 1 million, of FasterLog", 1, r => OfFaster(r, "replay/1000000/100")),
        new("replay of batches, 10 million, of FasterLog", 1, r => OfFaster(r, "replay/10000000/100")),
        new("replay of lone records, million/s", 10,
            r => (Own(r, "replay/10000000-lone/100") ?? Own(r, "replay/1000000-lone/100")) / 1e6),
        new("replay, peak memory, MiB", 64,
            r => Own(r, "replay/10000000/100", "peak_mib") ?? Own(r, "replay/1000000/100", "peak_mib"), IsMost: true),
        new("replay, peak memory of 10 million, of 1 million", 1.1,
            r => Own(r, "replay/10000000/100", "peak_mib") / Own(r, "replay/1000000/100", "peak_mib"), IsMost: true),
        new("open after a clean close, 2 GB, of 100 MB", 1.5,
            r => Own(r, "open/2000-clean", "open_ms") / Own(r, "open/100-clean", "open_ms"), IsMost: true),
        new("managed bytes per append, 1 thread written", 1, r => Own(r, "written/1/100", "alloc_bytes"), IsMost: true),
        new("managed bytes per durable commit, 64 writers", 1,
            r => Own(r, "durable/64-async/100", "alloc_bytes"), IsMost: true),
        new("on disk per 100 B record, lone, B", 136.5,
            r => Own(r, "replay/1000000-lone/100", "disk_bytes"), IsMost: true),
        new("on disk per 100 B record, in batches, B", 112,
            r => Own(r, "replay/1000000/100", "disk_bytes"), IsMost: true),
    ];

    public static MarkdownTable Table(CompareReport report)
    {
        MarkdownTable table = new("work", "bar", "measured", "");
        foreach (Bar bar in All)
        {
            double? measured = bar.Measure(report);
            table.Add(
                bar.Work,
                (bar.IsMost ? "at most " : "at least ") + Figures.Plain(bar.Limit),
                Figures.Plain(measured),
                measured is not double value ? "not measured"
                    : (bar.IsMost ? value <= bar.Limit : value >= bar.Limit) ? "met" : "**not met**");
        }

        return table;
    }

    private static double? Own(CompareReport report, string workload, string value = "rate") =>
        report.Value(workload, Contenders.LoraWal, value);

    private static double? OfFloor(CompareReport report, string workload) =>
        Own(report, workload) / report.Value(workload, Contenders.Floor);

    private static double? OfBest(CompareReport report, string workload) =>
        Own(report, workload) / report.BestPeer(workload)?.Values["rate"].Median;

    private static double? OfFaster(CompareReport report, string workload) =>
        Own(report, workload) / report.Value(workload, "FasterLog");

    private static double? Latency(CompareReport report, string workload) =>
        Own(report, workload, "p99_us") / report.Value(workload, Contenders.Floor, "p50_us");

    private sealed record Bar(string Work, double Limit, Func<CompareReport, double?> Measure, bool IsMost = false);
}
