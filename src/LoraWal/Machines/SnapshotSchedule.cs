namespace LoraWal.Machines;

/// <summary>Counts what has been applied since the last snapshot was begun, and says when one is due.</summary>
internal sealed class SnapshotSchedule(SnapshotOptions options)
{
    private long _commits;
    private long _bytes;

    /// <summary>Called when a snapshot is due, perhaps several times; null until the machine is live.</summary>
    public Action? Due { get; set; }

    /// <summary>Counts commits and their bytes of log.</summary>
    public void Note(long commits, long bytes)
    {
        bool isDue = Interlocked.Add(ref _commits, commits) >= options.EveryCommits && options.EveryCommits > 0;
        isDue |= Interlocked.Add(ref _bytes, bytes) >= options.EveryBytes && options.EveryBytes > 0;
        if (isDue)
        {
            Due?.Invoke();
        }
    }

    /// <summary>A snapshot begins: whether it succeeds or not, the next one is due as much later.</summary>
    public void Restart()
    {
        Interlocked.Exchange(ref _commits, 0);
        Interlocked.Exchange(ref _bytes, 0);
    }
}
