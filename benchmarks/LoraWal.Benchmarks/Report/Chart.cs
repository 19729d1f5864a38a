using System.Globalization;
using System.Security;
using System.Text;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Report;

/// <summary>A report as a picture: four panels of bars, LoraWal in colour, written by hand as SVG.</summary>
internal sealed class Chart(CompareReport report)
{
    private const int Width = 960;
    private const int Margin = 28;
    private const int Gap = 40;
    private const int Top = 98;
    private const int RowHeight = 19;
    private const int GroupGap = 12;
    private const int LabelWidth = 78;
    private const int ValueWidth = 62;
    private const int PanelWidth = (Width - (2 * Margin) - Gap) / 2;
    private const int BarsWidth = PanelWidth - LabelWidth - ValueWidth;

    private readonly StringBuilder _svg = new();

    public string Draw()
    {
        int left = Top;
        int right = Top;
        left = Panel(Margin, left, "Durable commits per second, 100 B", "each waits for its fsync", Durable());
        right = Panel(Margin + PanelWidth + Gap, right, "Appends per second, 100 B", "an fsync follows within 50 ms", [
            ("handed to the system, 1 thread", "written/1/100", "rate"),
            ("in memory, 1 thread", "buffered/1/100", "rate"),
            ("in memory, 4 threads", "buffered/4/100", "rate"),
        ]);
        right = Panel(Margin + PanelWidth + Gap, right + 14, "Replay, records of 100 B per second", "warm cache", [
            ("in transactions of 100", Present("replay/10000000/100", "replay/1000000/100"), "rate"),
        ]);
        int height = Math.Max(left, right) + 30;
        return Frame(height);
    }

    private static (string Title, string Workload, string Value)[] Durable() =>
    [
        ("1 writer", "durable/1/100", "rate"),
        ("16 asynchronous writers", "durable/16-async/100", "rate"),
        ("64 asynchronous writers", "durable/64-async/100", "rate"),
        ("256 asynchronous writers", "durable/256-async/100", "rate"),
    ];

    private string Present(params string[] workloads) =>
        workloads.FirstOrDefault(workload => report.Find(workload, Contenders.LoraWal) is not null) ?? workloads[^1];

    private string Frame(int height)
    {
        string subtitle = string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Machine.Cores} cores, {report.Machine.FileSystem.Split(' ')[0]}, "
            + $"{report.Machine.Device.Split(',')[0]}, {report.Machine.Runtime}. "
            + $"Medians of {report.Rounds} rounds in turns.");
        const string Key = "Each group has its own scale, from zero. The dashed line is the floor: the same bytes by "
            + "bare system calls, one caller.";
        StringBuilder all = new();
        all.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" width="{Width}" height="{height}"
              font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12" fill="#1f2933">
            <rect width="{Width}" height="{height}" fill="#ffffff"/>
            <text x="{Margin}" y="34" font-size="20" font-weight="600">LoraWal beside its peers</text>
            <text x="{Margin}" y="54" font-size="11" fill="#52606d">{Escape(subtitle)}</text>
            <text x="{Margin}" y="70" font-size="11" fill="#52606d">{Escape(Key)}</text>

            """);
        return all.Append(_svg).Append("</svg>\n").ToString();
    }

    private int Panel(
        int x, int y, string title, string subtitle, (string Title, string Workload, string Value)[] groups)
    {
        Text(x, y + 14, title, "font-size=\"14\" font-weight=\"600\"");
        Text(x, y + 30, subtitle, "font-size=\"11\" fill=\"#52606d\"");
        y += 44;
        foreach ((string group, string workload, string value) in groups)
        {
            y = Group(x, y, group, workload, value) + GroupGap;
        }

        return y;
    }

    private int Group(int x, int y, string title, string workload, string value)
    {
        (string Name, double Value)[] bars = [.. report.Rows
            .Where(row => row.Workload == workload && row.Values.ContainsKey(value))
            .Where(row => row.Contender == Contenders.LoraWal || Contenders.IsPeer(row.Contender))
            .Select(row => (row.Contender, row.Values[value].Median))
            .OrderByDescending(bar => bar.Median)];
        if (bars.Length == 0)
        {
            return y;
        }

        double? floor = report.Value(workload, Contenders.Floor, value);
        double most = Math.Max(bars[0].Value, floor ?? 0);
        Text(x, y + 12, title, "font-weight=\"600\" fill=\"#3e4c59\"");
        y += 20;
        int first = y;
        foreach ((string name, double measured) in bars)
        {
            bool isOurs = name == Contenders.LoraWal;
            double width = Math.Max(measured / most * BarsWidth, 1);
            string weight = isOurs ? "font-weight=\"600\"" : "fill=\"#52606d\"";
            Text(x + LabelWidth - 8, y + 12, name, $"text-anchor=\"end\" {weight}");
            _svg.Append(CultureInfo.InvariantCulture,
                $"<rect x=\"{x + LabelWidth}\" y=\"{y}\" width=\"{width:0.0}\" height=\"{RowHeight - 5}\" rx=\"2\" ")
                .Append(CultureInfo.InvariantCulture, $"fill=\"{(isOurs ? "#0b69a3" : "#b8c4ce")}\"/>\n");
            Text(x + LabelWidth + width + 5, y + 12, Figures.Rate(measured), weight);
            y += RowHeight;
        }

        if (floor is double line)
        {
            double at = x + LabelWidth + (line / most * BarsWidth);
            _svg.Append(CultureInfo.InvariantCulture,
                $"<line x1=\"{at:0.0}\" y1=\"{first - 3}\" x2=\"{at:0.0}\" y2=\"{y - 2}\" stroke=\"#d64545\" ")
                .Append("stroke-width=\"1.5\" stroke-dasharray=\"4 3\"/>\n");
        }

        return y;
    }

    private void Text(double x, double y, string text, string attributes) =>
        _svg.Append(
            CultureInfo.InvariantCulture, $"<text x=\"{x:0.0}\" y=\"{y:0.0}\" {attributes}>{Escape(text)}</text>\n");

    private static string Escape(string text) => SecurityElement.Escape(text);
}
