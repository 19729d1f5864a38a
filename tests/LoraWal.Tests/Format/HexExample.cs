using System.Globalization;
using System.Text.RegularExpressions;
using LoraWal.Tests.House;

namespace LoraWal.Tests.Format;

/// <summary>One line of an example: some bytes at an offset, and what they mean.</summary>
internal sealed record HexField(long Offset, byte[] Bytes, string Comment);

/// <summary>A file that docs/format.md spells out in a block <c>```hex name</c>; what it does not show is
/// zero.</summary>
//
//   offset (decimal)   bytes                      ; comment
internal sealed partial record HexExample(string FileName, IReadOnlyList<HexField> Fields)
{
    public static IReadOnlyList<HexExample> All()
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs/format.md")).ReplaceLineEndings("\n");
        List<HexExample> examples =
        [
            .. Block().Matches(text).Select(match => new HexExample(
                match.Groups["name"].Value, [.. Parse(match.Groups["body"].Value)])),
        ];
        Assert.NotEmpty(examples);
        return examples;
    }

    public static HexExample OfFile(string name) => All().Single(example => example.FileName == name);

    public byte[] Content(int fileBytes)
    {
        byte[] content = new byte[fileBytes];
        foreach (HexField field in Fields)
        {
            field.Bytes.CopyTo(content, field.Offset);
        }

        return content;
    }

    // A line without a comment of its own goes on with the field above it.
    private static IEnumerable<HexField> Parse(string body)
    {
        string comment = "";
        foreach (string line in body.Split('\n').Where(line => line.Trim().Length > 0))
        {
            Match match = Line().Match(line);
            Assert.True(match.Success, $"Not a line of an example: '{line}'");
            string own = match.Groups["comment"].Value.Trim();
            comment = own.Length > 0 ? own : comment;
            yield return new HexField(
                long.Parse(match.Groups["offset"].Value, CultureInfo.InvariantCulture),
                Convert.FromHexString(match.Groups["bytes"].Value.Replace(" ", "", StringComparison.Ordinal)),
                comment);
        }
    }

    [GeneratedRegex("^```hex (?<name>\\S+)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^ *(?<offset>[0-9]+)  (?<bytes>[0-9a-f]{2}( [0-9a-f]{2})*) *;(?<comment>.*)$")]
    private static partial Regex Line();
}
