using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Report;

/// <summary>One table for a group of workloads: a row for each, a column for each contender.</summary>
internal static class Overview
{
    public static string Title(string group) => group switch
    {
        "durable" => "Durable commits per second (x floor of one writer)",
        "transactions" => "Durable transactions per second (x floor)",
        "written" => "Written appends per second (x floor of one thread)",
        "buffered" => "Buffered appends per second (x the floor of written ones)",
        "slow" => "Appends while each fsync takes 200 ms: p99, microseconds (the longest)",
        "replay" => "Replay, records per second (peak memory)",
        "open" => "Time to open, milliseconds",
        _ => group,
    };

    public static MarkdownTable Table(CompareReport report, string group)
    {
        Row[] rows = [.. report.Rows.Where(row => row.Group == group)];
        string[] contenders = [.. report.Participants.Select(one => one.Name)
            .Where(name => rows.Any(row => row.Contender == name))];
        MarkdownTable table = new(["", .. contenders]);
        foreach (IGrouping<string, Row> workload in rows.GroupBy(row => row.Title))
        {
            table.Add([workload.Key, .. contenders.Select(name =>
                Cell(report, workload.FirstOrDefault(row => row.Contender == name)))]);
        }

        return table;
    }

    private static string Cell(CompareReport report, Row? row)
    {
        if (row is null || row.Absent is not null)
        {
            return row is null ? "" : "absent";
        }

        double? Median(string key) => row.Values.GetValueOrDefault(key)?.Median;
        double? floor = report.Value(row.Workload, Contenders.Floor);
        return row.Group switch
        {
            "slow" => $"{Figures.Plain(Median("p99_us"))} ({Figures.Plain(Median("max_us"))})",
            "replay" => $"{Figures.Rate(Median("rate") ?? 0)} ({Figures.Plain(Median("peak_mib"))} MiB)",
            "open" => Figures.Plain(Median("open_ms")),
            _ => Figures.Rate(Median("rate") ?? 0)
                + (floor is double one ? $" ({Figures.Ratio(Median("rate") / one)})" : ""),
        };
    }
}
