namespace LoraWal;

/// <summary>How far a record has got when its append returns.</summary>
public enum AppendDurability : byte
{
    /// <summary><see cref="Durable"/> under <see cref="SyncMode.PerCommit"/>, else <see cref="Written"/>.</summary>
    Default = 0,

    /// <summary>
    /// In the log's buffer and in order. It reaches the operating system and the disk with the next group interval,
    /// <see cref="IWal.SyncAsync"/>, or any stronger append behind it. A kill of the process may take it.
    /// </summary>
    Buffered = 1,

    /// <summary>Handed to the operating system: it survives a kill of the process, not a power cut.</summary>
    Written = 2,

    /// <summary>Synced: it survives a power cut.</summary>
    Durable = 3,
}
