using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraWal.Segments;

/// <summary>The log's own file names, both directions. No other file is ever touched.</summary>
internal static partial class SegmentName
{
    /// <summary>The next segment while it is filled in the background.</summary>
    public const string Prepared = "next.wal.tmp";

    /// <summary>A segment that is filled because it is needed at once.</summary>
    public const string Urgent = "urgent.wal.tmp";

    private const string Extension = ".wal";
    private const string TornExtension = ".torn";
    private const string Temporary = ".tmp";
    private const int Digits = 10;

    public static string Of(long id) => id.ToString("D10", CultureInfo.InvariantCulture) + Extension;

    public static bool TryParse(string name, out long id)
    {
        id = 0;
        return name.EndsWith(Extension, StringComparison.Ordinal)
            && name.Length >= Digits + Extension.Length
            && long.TryParse(
                name.AsSpan(0, name.Length - Extension.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out id)
            && Of(id) == name;
    }

    /// <summary>Name of the bytes set aside from a segment; <paramref name="copy"/> above 0 when it is taken.</summary>
    public static string Torn(long id, long offset, int copy) => copy == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{id:D10}-{offset}{TornExtension}")
        : string.Create(CultureInfo.InvariantCulture, $"{id:D10}-{offset}+{copy}{TornExtension}");

    /// <summary>The name under which torn bytes are prepared.</summary>
    public static string TornTemporary(string name) => name + Temporary;

    /// <summary>Whether a name is one of a file that was being prepared.</summary>
    public static bool IsTemporary(string name) =>
        name is Prepared or Urgent || TornTemporaryPattern().IsMatch(name) || SnapshotName.IsTemporary(name);

    /// <summary>Whether a name is one of bytes that were set aside.</summary>
    public static bool IsTorn(string name) => TornPattern().IsMatch(name);

    /// <summary>Whether a name is one of a whole segment that was set aside, and of which.</summary>
    public static bool TryParseWhole(string name, out long id)
    {
        id = 0;
        Match match = TornPattern().Match(name);
        return match.Success
            && match.Groups["offset"].ValueSpan is "0"
            && long.TryParse(match.Groups["id"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    [GeneratedRegex(
        @"^(?<id>[0-9]{10,})-(?<offset>[0-9]+)(\+[0-9]+)?\.torn\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex TornPattern();

    [GeneratedRegex(@"^[0-9]{10,}-[0-9]+(\+[0-9]+)?\.torn\.tmp\z", RegexOptions.CultureInvariant)]
    private static partial Regex TornTemporaryPattern();
}
