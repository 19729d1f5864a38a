using System.ComponentModel.DataAnnotations;

namespace LoraWal;

/// <summary>How much of a log is kept. Whole segments go, oldest first, while any limit is exceeded; the active one
/// stays.</summary>
public sealed class WalRetentionOptions
{
    /// <summary>Records older than this may go.</summary>
    /// <value>Default: zero, no limit.</value>
    /// <remarks>A segment counts as no older than its successor: reading when that was begun costs nothing. So a record
    /// stays at least this long, and at most until everything in its segment, and one <see cref="Interval"/>, is past
    /// it; in the active segment, for as long as that is the active one.</remarks>
    public TimeSpan MaxAge { get; set; }

    /// <summary>Most bytes of all segment files, the active one included.</summary>
    /// <value>Default: 0, no limit.</value>
    [Range(0L, long.MaxValue)]
    public long MaxBytes { get; set; }

    /// <summary>Most records, those of the active segment included. What stays is at most this, and at least one
    /// segment's records less.</summary>
    /// <value>Default: 0, no limit.</value>
    [Range(0L, long.MaxValue)]
    public long MaxRecords { get; set; }

    /// <summary>How often the limits are applied.</summary>
    /// <value>Default: 1 min. From 1 s to 1 day.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether there is any limit.</summary>
    internal bool HasLimit => MaxAge > TimeSpan.Zero || MaxBytes > 0 || MaxRecords > 0;

    /// <summary>Every setting that is out of its range.</summary>
    internal IEnumerable<(string Name, object Value, string Range)> Violations()
    {
        if (MaxAge < TimeSpan.Zero)
        {
            yield return (nameof(MaxAge), MaxAge, "zero (no limit) or more");
        }

        if (MaxBytes < 0)
        {
            yield return (nameof(MaxBytes), MaxBytes, "0 (no limit) or more");
        }

        if (MaxRecords < 0)
        {
            yield return (nameof(MaxRecords), MaxRecords, "0 (no limit) or more");
        }

        if (Interval < TimeSpan.FromSeconds(1) || Interval > TimeSpan.FromDays(1))
        {
            yield return (nameof(Interval), Interval, "from 00:00:01 to 1.00:00:00");
        }
    }
}
