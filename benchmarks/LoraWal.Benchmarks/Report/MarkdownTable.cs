using System.Text;

namespace LoraWal.Benchmarks.Report;

/// <summary>A table that reads well as text and as Markdown.</summary>
internal sealed class MarkdownTable(params string[] header)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public override string ToString()
    {
        int[] widths = [.. header.Select((name, column) =>
            Math.Max(name.Length, _rows.Select(row => row[column].Length).DefaultIfEmpty().Max()))];
        StringBuilder text = new();
        Line(text, header, widths);
        Line(text, [.. header.Select((_, column) => column == 0 ? "---" : "--:")], widths);
        _rows.ForEach(row => Line(text, row, widths));
        return text.ToString();
    }

    private static void Line(StringBuilder text, string[] cells, int[] widths)
    {
        text.Append('|');
        for (int column = 0; column < cells.Length; column++)
        {
            string cell = cells[column];
            cell = cell is "---" or "--:" ? cell[0] + new string('-', Math.Max(widths[column] - 2, 1)) + cell[^1]
                : column == 0 ? cell.PadRight(widths[column])
                : cell.PadLeft(widths[column]);
            text.Append(' ').Append(cell).Append(" |");
        }

        text.Append('\n');
    }
}
