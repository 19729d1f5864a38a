using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraWal.Segments;

/// <summary>The names of snapshots, both directions: <c>snapshot-{LSN}.snap</c> of the machine "default", and
/// <c>snapshot-{LSN}-{machine}.snap</c> of others.</summary>
internal static partial class SnapshotName
{
    public const string DefaultMachine = "default";

    private const string Extension = ".snap";
    private const string Temporary = ".tmp";

    // As much as a log opens with at most.
    private const ulong GreatestLsnOfAny = 1UL << 62;

    public static string Of(ulong lsn, string machine) => machine == DefaultMachine
        ? string.Create(CultureInfo.InvariantCulture, $"snapshot-{lsn:D20}{Extension}")
        : string.Create(CultureInfo.InvariantCulture, $"snapshot-{lsn:D20}-{machine}{Extension}");

    /// <summary>The name while it is written.</summary>
    public static string TemporaryOf(ulong lsn, string machine) => Of(lsn, machine) + Temporary;

    public static bool TryParse(string name, out ulong lsn, out string machine)
    {
        Match match = Pattern().Match(name);
        machine = match.Groups["machine"] is { Success: true } named ? named.Value : DefaultMachine;
        lsn = 0;
        return match.Success
            && ulong.TryParse(match.Groups["lsn"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out lsn)
            && lsn is > 0 and <= GreatestLsnOfAny
            && Of(lsn, machine) == name;
    }

    /// <summary>Whether a name is one of a snapshot that was being written.</summary>
    public static bool IsTemporary(string name) =>
        name.EndsWith(Temporary, StringComparison.Ordinal) && TryParse(name[..^Temporary.Length], out _, out _);

    /// <summary>Whether a machine may have this name.</summary>
    public static bool IsMachineName(string name) => MachinePattern().IsMatch(name);

    /// <summary>The greatest LSN that any snapshot is named after; 0 without one.</summary>
    public static ulong GreatestLsn(IEnumerable<string> names)
    {
        ulong greatest = 0;
        foreach (string name in names)
        {
            greatest = TryParse(name, out ulong lsn, out _) ? Math.Max(greatest, lsn) : greatest;
        }

        return greatest;
    }

    [GeneratedRegex(
        @"^snapshot-(?<lsn>[0-9]{20})(-(?<machine>[a-z0-9-]{1,64}))?\.snap\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^[a-z0-9-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex MachinePattern();
}
