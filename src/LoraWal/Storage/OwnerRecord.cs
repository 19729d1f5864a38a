using System.Globalization;

namespace LoraWal.Storage;

/// <summary>Who holds a directory's lock: written beside it for the messages of others, never trusted.</summary>
internal sealed record OwnerRecord(int ProcessId, string Host, DateTimeOffset Since)
{
    /// <summary>Three lines: process id, host, start time.</summary>
    public string Encode() => string.Create(
        CultureInfo.InvariantCulture, $"{ProcessId}\n{Host.ReplaceLineEndings(" ")}\n{Since:O}\n");

    /// <summary>Reads what <see cref="Encode"/> wrote; null for anything else.</summary>
    public static OwnerRecord? Decode(string text)
    {
        string[] lines = text.Split('\n');
        return lines.Length >= 3
            && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out int processId)
            && DateTimeOffset.TryParse(
                lines[2], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTimeOffset since)
            ? new OwnerRecord(processId, lines[1], since)
            : null;
    }
}
