namespace LoraWal.Log;

/// <summary>Who still needs records, and above which LSN. Thread-safe.</summary>
/// <remarks>
/// A truncation looks once, when it begins. So a hold that moves down, or comes anew, is set while no truncation is
/// under way: before the log is handed out, or by <see cref="LogControl.AloneAsync"/>. A hold may move up at any time,
/// once what it stands for is durable.
/// </remarks>
internal sealed class TruncationHolds
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, ulong> _holds = new(StringComparer.Ordinal);

    /// <summary>The lowest hold; <see cref="ulong.MaxValue"/> if there is none.</summary>
    public ulong Lowest
    {
        get
        {
            lock (_lock)
            {
                return _holds.Count == 0 ? ulong.MaxValue : _holds.Values.Min();
            }
        }
    }

    /// <summary>Sets or moves a hold: records above the LSN stay.</summary>
    public void Set(string holder, ulong lsn)
    {
        lock (_lock)
        {
            _holds[holder] = lsn;
        }
    }

    /// <summary>Takes a hold away, if there is one.</summary>
    public void Remove(string holder)
    {
        lock (_lock)
        {
            _holds.Remove(holder);
        }
    }

    /// <summary>Every hold below an LSN, by the holders' names.</summary>
    public IReadOnlyList<TruncationHold> Below(ulong lsn)
    {
        lock (_lock)
        {
            return [.. _holds.Where(hold => hold.Value < lsn)
                .Select(hold => new TruncationHold(hold.Key, new Lsn(hold.Value)))];
        }
    }

    /// <summary>Every hold, by the holders' names.</summary>
    public IReadOnlyList<TruncationHold> All() => Below(ulong.MaxValue);
}
