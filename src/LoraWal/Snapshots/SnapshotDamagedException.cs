namespace LoraWal.Snapshots;

/// <summary>A snapshot fails a check: an older one, or the log alone, has to do.</summary>
internal sealed class SnapshotDamagedException(string path, long offset, string what)
    : WalException($"The snapshot '{path}' is damaged: {what} at offset {offset} does not hold.");
