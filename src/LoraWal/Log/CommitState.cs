using System.Diagnostics;

namespace LoraWal.Log;

/// <summary>Who must be woken because there is work that no one does. Decided under the lock, done outside.</summary>
internal enum HandOn
{
    Nobody,

    /// <summary>The I/O thread.</summary>
    IoThread,

    /// <summary>The helper, because the I/O thread is in a sync and appends want to be written meanwhile.</summary>
    Helper,
}

/// <summary>Everything that the log's one lock guards: positions, the buffer being filled, who leads.</summary>
/// <remarks>
/// No I/O, no clock, no completion of a waiter happens here: waiters that are done are collected and completed outside
/// the lock. Two roles exist, each held by one thread at a time: the <i>write role</i> (the active segment, the frames)
/// and the <i>gate</i> (the sync). docs/adr/0003-leader-followers-and-one-sync-gate.md
/// </remarks>
internal sealed class CommitState
{
    private const int WriteSoonBytes = 1024 * 1024;

    private readonly bool _writesBufferedSoon;
    private readonly ulong _openFence;
    private PendingBuffer _spare;
    private volatile bool _isWriting;
    private bool _isPoisoned;
    private bool _writeSoon;
    private ulong _syncWanted;
    private ulong _next;
    private ulong _written;
    private ulong _durable;

    public CommitState(LogSettings settings, int frameTargetBytes, LogPosition position)
    {
        MaxPendingBytes = settings.MaxPendingBytes;
        _writesBufferedSoon = settings.SyncMode == SyncMode.None;
        Filling = new PendingBuffer(frameTargetBytes);
        _spare = new PendingBuffer(frameTargetBytes);
        Written = position;
        DurablePosition = position;
        LastAssigned = position.Lsn;
        _written = position.Lsn;
        _durable = position.Lsn;
        _openFence = settings.OpenFence;
        _next = Math.Max(position.Lsn, _openFence) + 1;
    }

    public Lock Gate { get; } = new();

    /// <summary>The calls that wait.</summary>
    public DurabilityWaiters Waiters { get; } = new();

    public long MaxPendingBytes { get; }

    /// <summary>Takes new records.</summary>
    public PendingBuffer Filling { get; private set; }

    /// <summary>LSN of the next record. May be read without the lock, like the next two.</summary>
    public ulong Next => Volatile.Read(ref _next);

    public ulong WrittenLsn => Volatile.Read(ref _written);

    public ulong DurableLsn => Volatile.Read(ref _durable);

    /// <summary>Up to here frames have been handed to the operating system.</summary>
    public LogPosition Written { get; private set; }

    /// <summary>Up to here they have been synced.</summary>
    public LogPosition DurablePosition { get; private set; }

    /// <summary>Last LSN that a record has been given.</summary>
    public ulong LastAssigned { get; private set; }

    /// <summary>Everything up to here needs no waiting for: it is durable, or a fence jumped over it.</summary>
    public ulong SettledLsn => Math.Max(_durable, _openFence);

    /// <summary>Whether someone has the write role. A hint, if read without the lock.</summary>
    public bool IsWriting => _isWriting;

    /// <summary>Whether someone is in the gate.</summary>
    public bool IsSyncing { get; private set; }

    /// <summary>Whether the I/O thread leads, or has been asked to.</summary>
    public bool IoLeads { get; set; }

    /// <summary>Whether the I/O thread is in the gate.</summary>
    public bool IoSyncs { get; set; }

    /// <summary>Whether the helper leads, or has been asked to.</summary>
    public bool HelperLeads { get; set; }

    /// <summary>How many wait to have the write role to themselves. No one else takes it meanwhile.</summary>
    public int WaitingForWriteRole { get; set; }

    /// <summary>How many block for the gate. No one else takes it meanwhile.</summary>
    public int WaitingForGate { get; set; }

    /// <summary>Waiters behind the ones being written. A hint, read without the lock.</summary>
    public int Crowd => Waiters.FillingCount;

    /// <summary>Whether an append must wait for room. The first transaction always has room.</summary>
    public bool IsCrampedUnderLock(int bytes) =>
        Waiters.FirstForRoom is not null
        || (!Filling.IsEmpty && Filling.UsedBytes + PendingBuffer.MostBytes(bytes) > MaxPendingBytes);

    /// <summary>Gives a transaction its LSNs and copies it into the buffer.</summary>
    /// <returns>Its last LSN.</returns>
    public ulong AddUnderLock(ReadOnlySpan<byte> bytes, int count, ushort recordType)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "LSNs are given under the lock.");
        ulong first = _next;
        if (count == 0)
        {
            Filling.AddRecord(first, bytes, recordType);
            count = 1;
        }
        else
        {
            Filling.AddEntries(first, bytes, count);
        }

        LastAssigned = first + (ulong)count - 1;
        Volatile.Write(ref _next, LastAssigned + 1);
        return LastAssigned;
    }

    /// <summary>Adds a record that no one waits for the short way, without a look at anything but the room: whatever
    /// else an append looks at has not changed since one took the long way.</summary>
    // INVARIANT: the short way is open only while the last append that no one waits for has found the log open, not
    // full, nobody waiting for room, the age of the oldest record noted, and whoever must write it asked. Whatever
    // changes one of these closes it: a swap or a dropped buffer (a cleared buffer has none), the end of a frame,
    // a poisoning, closing, a wait for room.
    public bool TryAddShortWayUnderLock(ReadOnlySpan<byte> payload, ushort recordType, out ulong lsn)
    {
        lsn = _next;
        if (!Filling.TryAddShortWay(lsn, payload, recordType))
        {
            return false;
        }

        LastAssigned = lsn;
        Volatile.Write(ref _next, lsn + 1);
        return true;
    }

    /// <summary>Notes that no one waits for the transaction just added.</summary>
    public void BufferedUnderLock(ulong firstLsn, ulong lastLsn)
    {
        Filling.NoteBuffered(firstLsn, lastLsn);
        _writeSoon |= _writesBufferedSoon || Filling.UsedBytes >= WriteSoonBytes;
    }

    /// <summary>Opens the short way behind the record just added.</summary>
    public void AllowShortWayUnderLock() => Filling.AllowShortWay(MaxPendingBytes);

    /// <summary>Closes the short way.</summary>
    public void CloseShortWayUnderLock() => Filling.CloseShortWay();

    /// <summary>Asks for everything up to an LSN to be written and synced, though no append waits for it.</summary>
    public void WantSyncUnderLock(ulong lsn)
    {
        _syncWanted = Math.Max(_syncWanted, lsn);
        _writeSoon |= lsn > _written && !Filling.IsEmpty;
    }

    /// <summary>Asks for what is buffered to be written.</summary>
    public void WantWriteUnderLock() => _writeSoon = true;

    /// <summary>Lets a call wait for an LSN that has been given, wherever its record is by now.</summary>
    public void WaitUnderLock(Waiter waiter)
    {
        if (waiter.Lsn <= _written)
        {
            Waiters.AddForSync(waiter);
        }
        else if (IsFillingUnderLock(waiter))
        {
            Waiters.AddToFilling(waiter);
        }
        else
        {
            Waiters.AddToWriting(waiter);
        }
    }

    /// <summary>Whether an append that has its LSN is still in the buffer being filled.</summary>
    public bool IsFillingUnderLock(Waiter waiter) => !Filling.IsEmpty && waiter.Lsn >= Filling.Frame(0).FirstLsn;

    /// <summary>Ends the time in which an append looks after itself.</summary>
    public void StopSpinningUnderLock(Waiter waiter)
    {
        // One whose buffer was dropped, and whose LSN has been given again, is counted no more.
        if (waiter.Spins && IsFillingUnderLock(waiter) && Waiters.Spinning > 0)
        {
            Waiters.StopSpinning();
        }

        waiter.Spins = false;
    }

    /// <summary>Takes back an append that waits for room.</summary>
    public bool LeaveRoomUnderLock(Waiter waiter) => waiter.Lsn == 0 && Waiters.RemoveForRoom(waiter);

    /// <summary>Whether a caller may lead: no one does, or its record need not wait for the sync under way.</summary>
    public bool CanLeadUnderLock(AppendDurability need) =>
        !IsWriting
        && WaitingForWriteRole == 0
        && (need == AppendDurability.Written
            ? !IoLeads || IoSyncs
            : !IoLeads && !IsSyncing);

    /// <summary>Whether what waits is to be written now. While a sync is under way, records that wait for one stay and
    /// gather: the next sync is theirs.</summary>
    public bool NeedsWriteUnderLock() =>
        !_isPoisoned
        && !Filling.IsEmpty
        && (Waiters.WrittenWanted > 0
            || _writeSoon
            || Waiters.FirstForRoom is not null
            || (Waiters.DurableWanted > 0 && !IsSyncing));

    /// <summary>Whether someone waits for a sync of what is written. Never in a poisoned log: a failed sync is not
    /// tried again.</summary>
    public bool NeedsSyncUnderLock() =>
        !_isPoisoned
        && (Waiters.FirstForSync <= _written || (_syncWanted > _durable && _written > _durable));

    /// <summary>Takes the write role, if it is free and there is something to write.</summary>
    public bool TryTakeWriteRoleUnderLock() => !IsWriting && WaitingForWriteRole == 0 && NeedsWriteUnderLock();

    /// <summary>Whether the gate is free for someone who need not block for it.</summary>
    public bool CanSyncUnderLock() => !IsSyncing && WaitingForGate == 0;

    /// <summary>Takes the write role, without a buffer.</summary>
    public void TakeWriteRoleUnderLock()
    {
        Debug.Assert(!IsWriting, "One thread writes at a time.");
        _isWriting = true;
    }

    /// <summary>Swaps the two buffers, and lets in the appends that waited for room.</summary>
    /// <param name="done">Takes appends that are done by being in the buffer.</param>
    /// <returns>The buffer to write.</returns>
    public PendingBuffer SwapUnderLock(ref WaiterList done)
    {
        Debug.Assert(IsWriting && Waiters.IsWritingEmpty, "Whoever writes has the role, and the last write is over.");
        PendingBuffer writing = Filling;
        Filling = _spare;
        _spare = writing;
        Waiters.Swap();
        _writeSoon = false;
        AdmitUnderLock(ref done);
        return writing;
    }

    /// <summary>Gives up the write role.</summary>
    public void EndWriteUnderLock() => _isWriting = false;

    /// <summary>Takes the gate.</summary>
    public void TakeGateUnderLock()
    {
        Debug.Assert(!IsSyncing, "At most one sync is in flight.");
        IsSyncing = true;
    }

    /// <summary>Gives up the gate.</summary>
    public void EndSyncUnderLock() => IsSyncing = false;

    /// <summary>Publishes how far the log has been written.</summary>
    public void PublishWrittenUnderLock(LogPosition position, ref WaiterList done)
    {
        Debug.Assert(Written.IsAtOrBefore(position), "Written bytes stay written.");
        Written = position;
        Volatile.Write(ref _written, position.Lsn);
        LastAssigned = Math.Max(LastAssigned, position.Lsn);
        Waiters.OnWritten(position.Lsn, _durable, ref done);
    }

    /// <summary>Publishes how far the log has been synced: exactly what was taken before the sync.</summary>
    public void PublishDurableUnderLock(LogPosition position, ref WaiterList done)
    {
        Debug.Assert(position.IsAtOrBefore(Written), "Nothing is durable before it is written.");
        if (position.IsAtOrBefore(DurablePosition))
        {
            return;
        }

        DurablePosition = position;
        Volatile.Write(ref _durable, position.Lsn);
        Waiters.OnDurable(position.Lsn, ref done);
    }

    /// <summary>Fails everything that has not been written, for lack of space, and takes its LSNs back.</summary>
    /// <param name="writing">The buffer whose write ran out of space.</param>
    /// <param name="message">For the waiters.</param>
    /// <param name="done">Takes the waiters.</param>
    /// <returns>First and last LSN of records that are dropped though no one waited; 0 if there are none.</returns>
    public (ulong First, ulong Last) FailUnwrittenUnderLock(PendingBuffer writing, string message, ref WaiterList done)
    {
        (ulong First, ulong Last) dropped = Dropped(writing);
        (ulong First, ulong Last) behind = Dropped(Filling);
        dropped = dropped.Last == 0 ? behind : (dropped.First, Math.Max(dropped.Last, behind.Last));

        Waiters.FailUnwritten(_written, message, ref done);
        Filling.Clear();
        _writeSoon = false;
        LastAssigned = _written;
        _syncWanted = Math.Min(_syncWanted, _written);
        Volatile.Write(ref _next, Math.Max(_written, _openFence) + 1);
        return dropped;
    }

    /// <summary>Fails everyone but the waiters of a write under way, whose outcome its leader knows. From now on there
    /// is nothing to write or sync.</summary>
    public void FailWaitersUnderLock(WalFault fault, ref WaiterList done)
    {
        _isPoisoned = true;
        Waiters.FailAllButWriting(fault, ref done);
        Filling.Clear();
    }

    /// <summary>Says who must be woken. Called whenever a role is given up, or work comes that no one leads.</summary>
    public HandOn HandOnUnderLock()
    {
        bool write = !IsWriting && WaitingForWriteRole == 0 && NeedsWriteUnderLock();
        if (!IoLeads && (write || (CanSyncUnderLock() && NeedsSyncUnderLock())))
        {
            IoLeads = true;
            return HandOn.IoThread;
        }

        if (write && IoSyncs && IsSyncing && !HelperLeads)
        {
            HelperLeads = true;
            return HandOn.Helper;
        }

        return HandOn.Nobody;
    }

    private void AdmitUnderLock(ref WaiterList done)
    {
        while (Waiters.FirstForRoom is { } waiter)
        {
            Submission append = waiter.Submission;
            if (!Filling.IsEmpty && Filling.UsedBytes + PendingBuffer.MostBytes(append.Bytes.Length) > MaxPendingBytes)
            {
                break;
            }

            Waiters.TakeForRoom();
            ulong first = _next;
            waiter.Lsn = AddUnderLock(append.Bytes.Span, append.Count, append.RecordType);
            if (waiter.Need == AppendDurability.Buffered)
            {
                BufferedUnderLock(first, waiter.Lsn);
                DurabilityWaiters.Succeed(waiter, _durable, ref done);
            }
            else
            {
                WaitUnderLock(waiter);
            }
        }
    }

    private (ulong First, ulong Last) Dropped(PendingBuffer buffer) => buffer.LastBufferedLsn > _written
        ? (Math.Max(buffer.FirstBufferedLsn, _written + 1), buffer.LastBufferedLsn)
        : default;
}
