namespace LoraWal;

/// <summary>Where a log is in its life.</summary>
public enum WalState
{
    /// <summary>Not open yet.</summary>
    Opening = 0,

    /// <summary>Open; its records are being handed to the replay targets.</summary>
    Replaying = 1,

    /// <summary>Open for reading and writing.</summary>
    Running = 2,

    /// <summary>No space is left for the next segment; heals by itself when space is back.</summary>
    Full = 3,

    /// <summary>A sync or a write failed: closed for writing until it is opened again.</summary>
    Poisoned = 4,

    /// <summary>Closed.</summary>
    Closed = 5,

    /// <summary>Switched off in the configuration: appends are accepted and dropped.</summary>
    Disabled = 6,
}

/// <summary>The first failure that poisoned a log, kept verbatim.</summary>
/// <param name="Reason">What failed, with the operating system's error, e.g. <c>bg fsync failed: ...</c>.</param>
/// <param name="At">The durable LSN at that moment.</param>
/// <param name="When">When it happened, by the log's <see cref="TimeProvider"/>.</param>
/// <param name="Exception">The failure itself.</param>
public sealed record WalFault(string Reason, Lsn At, DateTimeOffset When, Exception Exception);

/// <summary>A snapshot of a log's state.</summary>
/// <remarks><see cref="DurableLsn"/> &lt;= <see cref="WrittenLsn"/> &lt; <see cref="NextLsn"/> in every
/// snapshot.</remarks>
public sealed record WalStatus
{
    /// <summary>Where the log is in its life.</summary>
    public WalState State { get; init; }

    /// <summary>LSN that the next record gets.</summary>
    public Lsn NextLsn { get; init; }

    /// <summary>Everything up to here has been handed to the operating system.</summary>
    public Lsn WrittenLsn { get; init; }

    /// <summary>Everything up to here has been synced.</summary>
    public Lsn DurableLsn { get; init; }

    /// <summary>LSN of the oldest record the log still has, or of the next one if it has none.</summary>
    public Lsn OldestLsn { get; init; }

    /// <summary>The newest checkpoint fence, or <see cref="Lsn.None"/>.</summary>
    public Lsn CheckpointLsn { get; init; }

    /// <summary>Id of the segment being appended to.</summary>
    public long ActiveSegmentId { get; init; }

    /// <summary>Id of the oldest segment.</summary>
    public long OldestSegmentId { get; init; }

    /// <summary>Number of segments, the active one included.</summary>
    public int SegmentCount { get; init; }

    /// <summary>Bytes of all segment files, the active one included.</summary>
    public long LogBytes { get; init; }

    /// <summary>Age of the oldest record that has not been synced; zero if there is none.</summary>
    public TimeSpan OldestUnsyncedAge { get; init; }

    /// <summary>What poisoned the log; null unless <see cref="State"/> is <see cref="WalState.Poisoned"/>, or it was
    /// poisoned when it was closed.</summary>
    public WalFault? Fault { get; init; }
}
