namespace LoraWal.Machines;

/// <summary>Counts what has been applied since the last snapshot was begun, and says when one is due.</summary>
internal sealed class SnapshotSchedule(SnapshotOptions options)
{
    private long _commits;
    private long _bytes;

    /// <summary>Called when a snapshot is due, perhaps several times; null until the machine is live.</summary>
    public Action? Due { get; set; }

    /// <summary>Whether enough has been applied.</summary>
    public bool IsDue => IsOver(Interlocked.Read(ref _commits), options.EveryCommits)
        || IsOver(Interlocked.Read(ref _bytes), options.EveryBytes);

    /// <summary>Counts commits and their bytes of log.</summary>
    public void Note(long commits, long bytes)
    {
        Interlocked.Add(ref _commits, commits);
        Interlocked.Add(ref _bytes, bytes);
        if (IsDue)
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

    private static bool IsOver(long count, long limit) => limit > 0 && count >= limit;
}
