namespace LoraWal;

/// <summary>What a log looks like from outside, and what opening it would find. See
/// <see cref="WalReader.InspectAsync"/>.</summary>
public sealed record WalInspection
{
    /// <summary>The log's directory, in full.</summary>
    public string Directory { get; init; } = "";

    /// <summary>The log's id: 32 hexadecimal digits, the same in all its segments. Null if no header can be
    /// read.</summary>
    public string? LogId { get; init; }

    /// <summary>What opening would find. <see cref="TailVerdict.Created"/>: there is no log, it would create
    /// one.</summary>
    /// <remarks>Of a log that is open, <see cref="TailVerdict.Unclean"/> and <see cref="TailVerdict.Torn"/> are
    /// nothing unusual: that is how it would look if its process were killed now.</remarks>
    public TailVerdict Verdict { get; init; }

    /// <summary>What opening would throw; null if it would succeed. A <see cref="WalCorruptException"/>, or what the
    /// operating system said.</summary>
    public IOException? Problem { get; init; }

    /// <summary>The segments, oldest first.</summary>
    public IReadOnlyList<WalSegmentInfo> Segments { get; init; } = [];

    /// <summary>Bytes of all segment files.</summary>
    public long LogBytes { get; init; }

    /// <summary>LSN of the oldest record, or of the next one if there is none.</summary>
    public Lsn OldestLsn { get; init; }

    /// <summary>LSN of the last whole record, durable or not.</summary>
    public Lsn LastLsn { get; init; }

    /// <summary>Everything up to here is promised durable by what stands in the log.</summary>
    public Lsn DurableLsn { get; init; }

    /// <summary>The newest checkpoint fence, or <see cref="Lsn.None"/>.</summary>
    public Lsn CheckpointLsn { get; init; }

    /// <summary>Everything up to here may have been truncated.</summary>
    public Lsn FloorLsn { get; init; }

    /// <summary>How often the log has been opened.</summary>
    public long Generation { get; init; }

    /// <summary>Bytes of a torn tail, from its first byte to its last one that is not zero.</summary>
    public long TornBytes { get; init; }

    /// <summary>File name of the segment with the torn tail; null without one.</summary>
    public string? TornSegment { get; init; }

    /// <summary>Offset of the torn tail in <see cref="TornSegment"/>, in bytes.</summary>
    public long TornOffset { get; init; }

    /// <summary>Names of the <c>.torn</c> files beside the log.</summary>
    public IReadOnlyList<string> EvidenceFiles { get; init; } = [];
}

/// <summary>One segment file of a log.</summary>
public sealed record WalSegmentInfo
{
    /// <summary>The segment's id.</summary>
    public long Id { get; init; }

    /// <summary>Its file name.</summary>
    public string File { get; init; } = "";

    /// <summary>LSN of its first record, or of the next one if it has none; <see cref="Lsn.None"/> without a valid
    /// header.</summary>
    public Lsn FirstLsn { get; init; }

    /// <summary>LSN of its last record, below <see cref="FirstLsn"/> if it has none; null if it cannot be
    /// told.</summary>
    public Lsn? LastLsn { get; init; }

    /// <summary>How often the log had been opened when the segment was made.</summary>
    public long Generation { get; init; }

    /// <summary>Size of the file in bytes.</summary>
    public long FileBytes { get; init; }

    /// <summary>Whether a later segment exists, so that this one has to end in a seal. That it does is for
    /// <see cref="WalReader.VerifyAsync"/> to say.</summary>
    public bool IsSealed { get; init; }

    /// <summary>When the segment was made, by the writer's clock; null without a valid header.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Whether it lies below a gap: what an interrupted truncation left, for the next open to
    /// delete.</summary>
    public bool IsLeftover { get; init; }

    /// <summary>Why it has no valid header; null if it has one.</summary>
    public IOException? Problem { get; init; }
}

/// <summary>What a check of a whole log has found. See <see cref="WalReader.VerifyAsync"/>.</summary>
public sealed record WalVerification
{
    /// <summary>The log as opening would find it.</summary>
    public WalInspection Inspection { get; init; } = new();

    /// <summary>All that is wrong, at most one problem for each segment and one for the whole; empty for a sound log.
    /// A <see cref="WalCorruptException"/> is damage, anything else a read that failed.</summary>
    public IReadOnlyList<IOException> Problems { get; init; } = [];

    /// <summary>Number of segments read.</summary>
    public int SegmentsChecked { get; init; }

    /// <summary>Number of valid records read.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of the segments read.</summary>
    public long BytesChecked { get; init; }
}

/// <summary>How far a check of a whole log has come.</summary>
/// <param name="File">Name of the segment that was read last.</param>
/// <param name="BytesDone">Bytes read.</param>
/// <param name="BytesTotal">Bytes that are to be read in all, as far as is known.</param>
public readonly record struct WalVerifyProgress(string File, long BytesDone, long BytesTotal);
