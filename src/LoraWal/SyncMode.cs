namespace LoraWal;

/// <summary>When an append counts as done, and who syncs.</summary>
public enum SyncMode
{
    /// <summary>
    /// Appends return once written: they survive a kill of the process. A background flusher syncs every
    /// <see cref="WalOptions.GroupSyncInterval"/>; a power cut may take at most the last interval plus two syncs.
    /// </summary>
    GroupSync = 0,

    /// <summary>Appends return once durable: they survive a power cut. Concurrent appends share one sync.</summary>
    PerCommit = 1,

    /// <summary>
    /// Appends return once written. Nothing syncs but rotation, <see cref="IWal.SyncAsync"/>, durable appends and
    /// closing; a power cut may take everything since.
    /// </summary>
    None = 2,
}
