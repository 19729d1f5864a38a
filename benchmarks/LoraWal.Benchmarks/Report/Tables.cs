using System.Globalization;
using System.Text;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Report;

/// <summary>A report as Markdown.</summary>
internal static class Tables
{
    private const string Begin = "<!-- measured: begin -->";
    private const string End = "<!-- measured: end -->";

    /// <summary>The page's part: the machine, the bars, an overview for each group, then everything.</summary>
    public static string Page(CompareReport report)
    {
        StringBuilder text = new(Conditions(report));
        text.Append("\n### Bars\n\n").Append(Bars.Table(report));
        foreach (IGrouping<string, Row> group in report.Rows.GroupBy(row => row.Group))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {Overview.Title(group.Key)}\n\n")
                .Append(Overview.Table(report, group.Key));
        }

        text.Append("\n### Who promises what\n\n").Append(Promises(report));
        text.Append("\n### Everything\n\nMedian (least .. most) of the rounds. A floor latency is the floor's median ")
            .Append("in the same workload.\n");
        text.Append(Details(report));
        return text.ToString();
    }

    /// <summary>What the terminal shows.</summary>
    public static string Terminal(CompareReport report) =>
        Conditions(report) + Details(report) + "\nBars\n\n" + Bars.Table(report);

    /// <summary>Puts the page's part between its two marks in a file.</summary>
    public static void PutInto(string path, CompareReport report)
    {
        string page = File.ReadAllText(path);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal);
        int end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new InvalidDataException($"{path} needs the lines {Begin} and {End}: the tables go between them.");
        }

        File.WriteAllText(path, page[..(begin + Begin.Length)] + "\n\n" + Page(report) + "\n" + page[end..]);
    }

    private static string Conditions(CompareReport report)
    {
        MarkdownTable table = new("measured on", "");
        table.Add("cores", $"{report.Machine.Cores}, {report.Machine.Processor}");
        table.Add("memory", report.Machine.Memory);
        table.Add("file system", report.Machine.FileSystem);
        table.Add("device", report.Machine.Device);
        table.Add("kernel", report.Machine.Kernel);
        table.Add("runtime", report.Machine.Runtime);
        table.Add("run", string.Create(
            CultureInfo.InvariantCulture,
            $"{(report.IsQuick ? "quick" : "full")}, {report.Rounds} rounds of {report.SecondsEach} s, "
            + $"{report.TookSeconds / 60:0.0} minutes, {report.When:yyyy-MM-dd}"));
        return table.ToString();
    }

    private static string Promises(CompareReport report)
    {
        MarkdownTable table = new("", "version", "as driven here", "checksums", "an fsync that fails");
        foreach (Participant one in report.Participants)
        {
            table.Add(one.Name, one.Facts.Version, one.Facts.Setting, one.Facts.Checksums, one.Facts.FailedSync);
        }

        return table.ToString();
    }

    private static string Details(CompareReport report)
    {
        StringBuilder text = new();
        foreach (IGrouping<string, Row> workload in report.Rows.GroupBy(row => row.Title))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{workload.Key}**\n\n");
            text.Append(Detail(report, [.. workload]));
            foreach (Row absent in workload.Where(row => row.Absent is not null))
            {
                text.Append(CultureInfo.InvariantCulture, $"\n{absent.Contender} is absent: {absent.Absent}\n");
            }
        }

        return text.ToString();
    }

    private static MarkdownTable Detail(CompareReport report, IReadOnlyList<Row> rows)
    {
        Row? floor = report.Find(rows[0].Workload, Contenders.Floor);
        double? floorRate = floor?.Values["rate"].Median;
        double? floorLatency = floor?.Values.GetValueOrDefault("p50_us")?.Median;
        Column[] columns = [.. Column.All(floorRate, floorLatency).Where(column =>
            rows.Any(row => row.Values.ContainsKey(column.Key)))];
        MarkdownTable table = new(["", .. columns.Select(column => column.Title)]);
        foreach (Row row in rows.Where(row => row.Absent is null))
        {
            table.Add([row.Contender, .. columns.Select(column =>
                row.Values.TryGetValue(column.Key, out Spread? spread) ? column.Show(spread) : "")]);
        }

        return table;
    }
}
