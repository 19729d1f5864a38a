namespace LoraWal;

/// <summary>What <see cref="IWal.TruncateAsync"/> did.</summary>
public sealed record TruncateResult
{
    /// <summary>Segments deleted.</summary>
    public int SegmentsDeleted { get; init; }

    /// <summary>Bytes of the deleted files.</summary>
    public long BytesDeleted { get; init; }

    /// <summary>Segments that could have gone but could not be deleted. The next call tries again.</summary>
    public int SegmentsKept { get; init; }

    /// <summary>Why <see cref="SegmentsKept"/> is not 0: the first failure; else null.</summary>
    public Exception? FirstFailure { get; init; }

    /// <summary>Who still needs records that the asked fence would have deleted, with the LSN up to which each is done;
    /// empty when nobody kept a segment. Ordered by name. Never null.</summary>
    public IReadOnlyList<TruncationHold> HeldBackBy { get; init; } = [];

    /// <summary>LSN of the oldest record the log still has, or of the next one if it has none.</summary>
    public Lsn OldestLsn { get; init; }
}
