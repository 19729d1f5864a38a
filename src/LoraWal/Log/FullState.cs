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

    /// <summary>Tells a call that waits for records up to an LSN that some of them were dropped.</summary>
    /// <param name="lsn">The greatest LSN it waits for.</param>
    /// <param name="forgets">Whether the loss has been told then.</param>
    public void ThrowIfDropped(ulong lsn, bool forgets)
    {
        (ulong first, ulong last) = _dropped;
        if (last == 0 || lsn < first)
        {
            return;
        }

        if (forgets)
        {
            _dropped = default;
        }

        throw new WalFullException(
            $"Buffered records with LSNs {first} to {last} were dropped: no space was left for the next segment. "
            + "Append them again once there is.");
    }
}
