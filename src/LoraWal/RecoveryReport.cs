namespace LoraWal;

/// <summary>What opening found at the end of the log.</summary>
public enum TailVerdict
{
    /// <summary>The directory held no log; one was created.</summary>
    Created = 0,

    /// <summary>The last owner closed the log.</summary>
    Clean = 1,

    /// <summary>The last owner did not close the log, and no byte was cut short.</summary>
    Unclean = 2,

    /// <summary>A crash cut bytes short that had never been promised durable; they were set aside.</summary>
    Torn = 3,

    /// <summary>Bytes that were once durable are damaged. The log is refused.</summary>
    Corrupt = 4,

    /// <summary>A read failed, so nothing can be said of the log. Only in a <see cref="WalInspection"/>: opening throws
    /// the failure.</summary>
    Unreadable = 5,
}

/// <summary>What opening a log found and did.</summary>
public sealed record RecoveryReport
{
    /// <summary>What was at the end of the log.</summary>
    public TailVerdict Verdict { get; init; }

    /// <summary>How often the log has been opened, this time included.</summary>
    public long Generation { get; init; }

    /// <summary>Segments found.</summary>
    public int SegmentCount { get; init; }

    /// <summary>Bytes of the segments found.</summary>
    public long LogBytes { get; init; }

    /// <summary>LSN of the oldest record, or of the next one if there is none.</summary>
    public Lsn OldestLsn { get; init; }

    /// <summary>LSN of the last record found, or <see cref="Lsn.None"/>.</summary>
    public Lsn LastLsn { get; init; }

    /// <summary>The newest checkpoint fence found, or <see cref="Lsn.None"/>.</summary>
    public Lsn CheckpointLsn { get; init; }

    /// <summary>Records in the segments that were scanned: the last one, and sometimes its predecessor.</summary>
    public long RecordsScanned { get; init; }

    /// <summary>Bytes of a torn tail, from its first byte to its last one that is not zero.</summary>
    public long TornBytes { get; init; }

    /// <summary>File name of the segment with the torn tail; null without one.</summary>
    public string? TornSegment { get; init; }

    /// <summary>Offset of the torn tail in <see cref="TornSegment"/>, in bytes.</summary>
    public long TornOffset { get; init; }

    /// <summary>File name that keeps the torn bytes; null without any, or when the disk was too full to keep
    /// them.</summary>
    public string? SetAsideAs { get; init; }

    /// <summary>Bytes of valid frames that nothing proved durable, written again and synced.</summary>
    public long RewrittenBytes { get; init; }

    /// <summary>Files deleted: leftovers of a truncation and of unfinished preparations.</summary>
    public int LeftoversDeleted { get; init; }

    /// <summary>How long opening took.</summary>
    public TimeSpan Duration { get; init; }
}
