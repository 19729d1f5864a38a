using System.Diagnostics.CodeAnalysis;

namespace LoraWal.Log;

/// <summary>Whether the log is out of space, when it may try again, and what it had to drop. Guarded by the log's
/// lock.</summary>
internal sealed class FullState(TimeProvider time)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private volatile string? _reason;
    private long _lastAttempt;
    private bool _retriesNow;
    private bool _isTold;
    private (ulong First, ulong Last) _dropped;

    /// <summary>Whether no space was left for the next segment. May be read without the lock.</summary>
    [MemberNotNullWhen(true, nameof(_reason))]
    public bool IsFull => _reason is not null;

    /// <summary>Notes that there is no space.</summary>
    /// <param name="reason">For the appends that are refused.</param>
    /// <param name="dropped">Records that were dropped although no one waited for them; 0 if there are none.</param>
    public void Set(string reason, (ulong First, ulong Last) dropped)
    {
        _reason = reason;
        _lastAttempt = time.GetTimestamp();
        _retriesNow = false;
        if (dropped.Last != 0)
        {
            _isTold = false;
            _dropped = _dropped.Last == 0 ? dropped : (_dropped.First, Math.Max(_dropped.Last, dropped.Last));
        }
    }

    /// <summary>Notes that there is space again.</summary>
    /// <returns>Whether there had been none.</returns>
    public bool Clear()
    {
        bool was = IsFull;
        _reason = null;
        return was;
    }

    /// <summary>Lets the next append try for space at once.</summary>
    public void RetryNow() => Volatile.Write(ref _retriesNow, true);

    /// <summary>Refuses an append while there is no space; lets one through every second to try.</summary>
    public void ThrowUnlessRetrying()
    {
        if (!IsFull)
        {
            return;
        }

        if (!Volatile.Read(ref _retriesNow) && time.GetElapsedTime(_lastAttempt) < RetryInterval)
        {
            throw new WalFullException(_reason);
        }

        _retriesNow = false;
        _lastAttempt = time.GetTimestamp();
    }

    /// <summary>Tells a call that stands for everything appended that some of it was dropped, and forgets it.</summary>
    public void ThrowIfDropped()
    {
        if (_dropped.Last != 0)
        {
            WalFullException failure = Dropped();
            _dropped = default;
            throw failure;
        }
    }

    /// <summary>Tells a call that waits for a dropped record. Its LSN may have been given again: that the later record
    /// is durable says nothing of the dropped one.</summary>
    public void ThrowIfDropped(ulong lsn)
    {
        if (_dropped.Last != 0 && lsn >= _dropped.First && lsn <= _dropped.Last)
        {
            throw Dropped();
        }
    }

    /// <summary>Tells a call that waits for a record, once, that others before it were dropped.</summary>
    public void ThrowOnceIfDroppedBefore(ulong lsn)
    {
        if (_dropped.Last != 0 && lsn > _dropped.Last && !_isTold)
        {
            _isTold = true;
            throw Dropped();
        }
    }

    private WalFullException Dropped() => new(
        $"Buffered records with LSNs {_dropped.First} to {_dropped.Last} were dropped: no space was left for the next "
        + "segment. Append them again once there is.");
}
