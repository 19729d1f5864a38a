using System.Text.RegularExpressions;

namespace LoraWal.MutationGate.Planter;

/// <summary>One place that a bug changes.</summary>
/// <param name="File">The file, below the product's folder.</param>
/// <param name="Line">Where the list says so.</param>
/// <param name="Find">The text that the product has.</param>
/// <param name="Replacement">The text with the bug; PLANTED stands for "this bug is switched on".</param>
internal sealed record Edit(string File, int Line, string Find, string Replacement);

/// <summary>One bug of the list.</summary>
internal sealed record Bug(string Name, int Line, string Loss, IReadOnlyList<Edit> Edits);

/// <summary>Something is wrong with the list, or with the product it describes.</summary>
internal sealed class ListException(int line, string message) : Exception(message)
{
    public int Line => line;
}

/// <summary>Reads planted-bugs.md, which says at its top what it looks like.</summary>
internal static partial class PlantedBugList
{
    private const string BugHeading = "### ";
    private const string Fence = "```";

    public static IReadOnlyList<Bug> Parse(string[] lines)
    {
        List<Bug> bugs = [];
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith(BugHeading, StringComparison.Ordinal))
            {
                int end = Array.FindIndex(lines, i + 1, line => Heading().IsMatch(line));
                bugs.Add(ParseBug(lines, i, end < 0 ? lines.Length : end));
            }
        }

        return bugs;
    }

    private static Bug ParseBug(string[] lines, int start, int end)
    {
        string loss = "";
        string? file = null;
        List<string> blocks = [];
        List<Edit> edits = [];
        for (int i = start + 1; i < end; i++)
        {
            if (FileLine().Match(lines[i]) is { Success: true } match)
            {
                file = match.Groups[1].Value;
            }
            else if (lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                int close = Array.FindIndex(lines, i + 1, line => line.StartsWith(Fence, StringComparison.Ordinal));
                if (file is null || close < 0 || close >= end)
                {
                    throw new ListException(i + 1, "a block without a file before it, or without an end");
                }

                blocks.Add(string.Join('\n', lines[(i + 1)..close]));
                i = close;
                if (blocks.Count == 2)
                {
                    edits.Add(new Edit(file, i + 1, blocks[0], blocks[1]));
                    blocks.Clear();
                }
            }
            else if (edits.Count == 0 && file is null)
            {
                loss = $"{loss} {lines[i]}".Trim();
            }
        }

        string name = lines[start][BugHeading.Length..].Trim();
        bool isWhole = loss.Length > 0 && edits.Count > 0 && blocks.Count == 0;
        bool isSwitched = edits.TrueForAll(edit => edit.Replacement.Contains("PLANTED", StringComparison.Ordinal));
        return isWhole && isSwitched
            ? new Bug(name, start + 1, loss, edits)
            : throw new ListException(start + 1, $"'{name}' needs a sentence on what a user would lose, and pairs of "
                + "blocks: the text to find, and its replacement with PLANTED in it");
    }

    [GeneratedRegex("^#{1,3} ")]
    private static partial Regex Heading();

    [GeneratedRegex("^In `([^`]+)`")]
    private static partial Regex FileLine();
}
