namespace LoraWal;

/// <summary>Where a state machine stands.</summary>
public sealed record WalStateMachineStatus
{
    /// <summary>The machine's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The last record applied.</summary>
    public Lsn AppliedLsn { get; init; }

    /// <summary>What the newest snapshot covers; <see cref="Lsn.None"/> without one.</summary>
    public Lsn SnapshotLsn { get; init; }

    /// <summary>Snapshots that have failed since the last one that succeeded.</summary>
    public int SnapshotFailures { get; init; }

    /// <summary>Why the last snapshot failed; null if it did not.</summary>
    public Exception? SnapshotFailure { get; init; }

    /// <summary>Why the machine applies nothing more; null while it does.</summary>
    public WalStateMachineException? Fault { get; init; }
}
