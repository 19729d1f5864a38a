using LoraWal.Records;
using LoraWal.Segments;

namespace LoraWal.Log;

/// <summary>Takes appends, syncs and waits. The lone caller leads its own batch; a crowd is led by the I/O
/// thread.</summary>
//
//   caller:  lock: LSN, copy into the filling buffer; if nobody leads: lead, else: a place among the waiters
//   leader:  swap the buffers -> WriteRole.Pass -> if its own record waits for it: SyncGate.Pass
//   after:   waiters are completed outside the lock; leadership goes to the I/O thread if more has arrived
internal sealed class LogWriter
{
    private const int FrameTargetBytes = 1024 * 1024;

    private readonly WaiterPool _pool;
    private readonly CommitState _state;
    private readonly ShortWait _shortWait;
    private readonly IoLeader _leader; // held: the worker holds it weakly
    private volatile bool _closing;

    public LogWriter(LogEnvironment environment, SegmentMaker maker, LogStart start)
    {
        SegmentWriter active = start.Active;
        long capacity = SegmentLayout.RecordEnd(environment.Settings.SegmentBytes) - SegmentLayout.HeaderBlockBytes;
        _state = new CommitState(
            environment.Settings,
            (int)Math.Min(FrameTargetBytes, capacity - sizeof(ulong)),
            new LogPosition(active.Header.SegmentId, active.Offset, active.NextLsn - 1));
        _pool = new WaiterPool(OnCancelled);
        Core = new LogCore(environment, new SegmentCatalog(start.Segments), _state);
        Gate = new SyncGate(Core, active.File);
        Writer = new WriteRole(Core, Gate, _pool, maker, active);
        Writer.Appender.Known = (start.Fence, start.Floor);
        _shortWait = new ShortWait(Core, Writer);
        _leader = new IoLeader(Core, Writer, Gate);
    }

    /// <summary>What all parts of the log share.</summary>
    public LogCore Core { get; }

    /// <summary>The gate of every sync.</summary>
    public SyncGate Gate { get; }

    /// <summary>The role of every write.</summary>
    public WriteRole Writer { get; }

    /// <summary>Whether the log is closed, or closing.</summary>
    public bool IsClosing => _closing;

    /// <summary>Appends a transaction without blocking for others.</summary>
    public ValueTask<Lsn> SubmitAsync(Submission append, AppendDurability need, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (need == AppendDurability.Buffered && append.Count == 0
            && TrySubmitShortWay(append.Bytes.Span, append.RecordType, out ulong taken))
        {
            return new ValueTask<Lsn>(new Lsn(taken));
        }

        Lsn lsn = Submit(append.Bytes.Span, append, need, blocks: false, out Waiter? waiter);
        return waiter is null ? new ValueTask<Lsn>(lsn) : TaskOf(waiter, cancellationToken);
    }

    /// <summary>Appends a lone record, and blocks until it is as durable as asked for.</summary>
    public Lsn SubmitBlocking(ReadOnlySpan<byte> payload, ushort recordType, AppendDurability need)
    {
        if (need == AppendDurability.Buffered && TrySubmitShortWay(payload, recordType, out ulong taken))
        {
            return new Lsn(taken);
        }

        Lsn lsn = Submit(payload, new Submission(default, 0, recordType), need, blocks: true, out Waiter? waiter);
        return waiter is null ? lsn : waiter.WaitBlocking();
    }

    /// <summary>Writes and syncs everything appended so far.</summary>
    public ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ulong target;
        var batch = default(PendingBuffer);
        var sync = default(SyncTarget?);
        var waiter = default(Waiter);
        var done = default(WaiterList);
        HandOn handOn = HandOn.Nobody;
        lock (_state.Gate)
        {
            ThrowIfClosing();
            Core.ThrowIfPoisoned(outcomeUnknown: true);
            Core.Full.ThrowIfDropped();
            target = _state.LastAssigned;
            if (_state.DurableLsn >= target)
            {
                return new ValueTask<Lsn>(new Lsn(_state.DurableLsn));
            }

            if (_state.CanLeadUnderLock(AppendDurability.Durable) && _state.CanSyncUnderLock())
            {
                batch = _state.Filling.IsEmpty ? null : BeginWriteUnderLock(ref done);
                sync = batch is null ? Gate.TakeUnderLock() : null;
            }
            else
            {
                waiter = _pool.Rent();
                waiter.Begin(WaiterKind.Sync, AppendDurability.Durable, target, blocks: false);
                _state.WaitUnderLock(waiter);
                handOn = _state.HandOnUnderLock();
            }
        }

        Core.AfterLock(ref done, handOn);
        if (batch is not null)
        {
            var wait = new LeaderWait(target, AppendDurability.Durable, WaiterKind.Sync, Blocks: false);
            waiter = Lead(batch, wait, SyncReason.Request);
        }
        else if (sync is { } taken && Gate.Pass(taken, SyncReason.Request, out _) is { } failure)
        {
            throw failure;
        }

        return waiter is null ? new ValueTask<Lsn>(new Lsn(_state.DurableLsn)) : TaskOf(waiter, cancellationToken);
    }

    /// <summary>Waits until an LSN is durable.</summary>
    public ValueTask WaitForDurableAsync(ulong lsn, CancellationToken cancellationToken) =>
        WaitForDurableAsync(lsn, isOwn: false, cancellationToken);

    /// <summary>Waits until a record is durable whose append has returned this LSN: whatever was dropped before, it was
    /// not this one.</summary>
    public ValueTask WaitForOwnAsync(ulong lsn, CancellationToken cancellationToken) =>
        WaitForDurableAsync(lsn, isOwn: true, cancellationToken);

    private ValueTask WaitForDurableAsync(ulong lsn, bool isOwn, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        HandOn handOn;
        lock (_state.Gate)
        {
            if (!isOwn)
            {
                Core.Full.ThrowIfDropped(lsn); // first: the LSN may be that of a later record, which is durable
            }

            if (lsn <= _state.SettledLsn)
            {
                return default;
            }

            ThrowIfClosing();
            if (!isOwn)
            {
                Core.Full.ThrowOnceIfDroppedBefore(lsn);
            }

            if (lsn > _state.LastAssigned)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(lsn), lsn, $"Nothing has been appended above LSN {_state.LastAssigned}.");
            }

            Core.ThrowIfPoisoned(outcomeUnknown: true);
            waiter = _pool.Rent();
            waiter.Begin(WaiterKind.Append, AppendDurability.Durable, lsn, blocks: false);
            _state.Waiters.AddPatient(waiter);
            if (Core.Environment.Settings.SyncMode != SyncMode.GroupSync)
            {
                _state.WantSyncUnderLock(lsn);
            }

            handOn = _state.HandOnUnderLock();
        }

        var done = default(WaiterList);
        Core.AfterLock(ref done, handOn);
        ValueTask task = waiter.PlainTask;
        waiter.CancelWith(cancellationToken);
        return task;
    }

    /// <summary>One round of the group flusher: writes what is buffered, syncs what is new; when there is nothing new,
    /// lets an idle log prove what it promised.</summary>
    /// <returns>False when the flusher is to end: the log is closing or poisoned.</returns>
    public bool FlushTick()
    {
        var batch = default(PendingBuffer);
        var done = default(WaiterList);
        lock (_state.Gate)
        {
            if (_closing || Core.Latch.Fault is not null)
            {
                return false;
            }

            if (!_state.Filling.IsEmpty)
            {
                _state.WantWriteUnderLock();
                batch = _state.TryTakeWriteRoleUnderLock() ? BeginWriteUnderLock(ref done) : null;
            }
        }

        done.CompleteAll();
        if (batch is not null)
        {
            Writer.Pass(batch, default);
        }

        var sync = default(SyncTarget?);
        bool marks = false;
        lock (_state.Gate)
        {
            if (_state.WrittenLsn > _state.DurableLsn)
            {
                _state.WantSyncUnderLock(_state.WrittenLsn);
                sync = _state.CanSyncUnderLock() && Core.Latch.Fault is null ? Gate.TakeUnderLock() : null;
            }
            else if (MayMarkUnderLock())
            {
                _state.TakeWriteRoleUnderLock();
                marks = true;
            }
        }

        if (sync is { } target)
        {
            Gate.Pass(target, SyncReason.Group, out _);
        }
        else if (marks)
        {
            Writer.WriteMarker(MarkerReason.Synced, isRequired: false);
            Writer.Release();
        }

        return Core.Latch.Fault is null;
    }

    /// <summary>Refuses new appends and syncs, and ends the appends that wait for room.</summary>
    public void BeginClosing()
    {
        var done = default(WaiterList);
        lock (_state.Gate)
        {
            _closing = true;
            _state.CloseShortWayUnderLock();
            _state.Waiters.FailRoom(static _ => Closed(), ref done);
        }

        done.CompleteAll();
    }

    private bool TrySubmitShortWay(ReadOnlySpan<byte> payload, ushort recordType, out ulong lsn)
    {
        lock (_state.Gate)
        {
            return _state.TryAddShortWayUnderLock(payload, recordType, out lsn);
        }
    }

    private Lsn Submit(
        ReadOnlySpan<byte> bytes, Submission append, AppendDurability need, bool blocks, out Waiter? waiter)
    {
        ulong lsn = 0;
        waiter = null;
        var batch = default(PendingBuffer);
        var done = default(WaiterList);
        HandOn handOn = HandOn.Nobody;
        bool spins = false;
        lock (_state.Gate)
        {
            ThrowIfClosing();
            Core.ThrowIfPoisoned(outcomeUnknown: false);
            Core.Full.ThrowUnlessRetrying();
            if (_state.IsCrampedUnderLock(bytes.Length))
            {
                waiter = _pool.Rent();
                waiter.Begin(WaiterKind.Append, need, 0, blocks);
                waiter.Submission = blocks ? append with { Bytes = bytes.ToArray() } : append;
                _state.Waiters.AddForRoom(waiter);
                _state.CloseShortWayUnderLock();
                handOn = _state.HandOnUnderLock();
            }
            else
            {
                Core.NoteUnsyncedUnderLock();
                lsn = _state.AddUnderLock(bytes, append.Count, append.RecordType);
                if (need == AppendDurability.Buffered)
                {
                    _state.BufferedUnderLock(lsn - (ulong)Math.Max(append.Count, 1) + 1, lsn);
                    handOn = _state.HandOnUnderLock();
                    if (!Core.Full.IsFull)
                    {
                        _state.AllowShortWayUnderLock();
                    }
                }
                else if (_state.CanLeadUnderLock(need))
                {
                    batch = BeginWriteUnderLock(ref done);
                }
                else
                {
                    waiter = _pool.Rent();
                    waiter.Begin(WaiterKind.Append, need, lsn, blocks);
                    waiter.Spins = spins = _shortWait.IsWorthwhileUnderLock(need);
                    _state.WaitUnderLock(waiter);
                    handOn = _state.HandOnUnderLock();
                }
            }
        }

        Core.AfterLock(ref done, handOn);
        if (batch is not null)
        {
            waiter = Lead(batch, new LeaderWait(lsn, need, WaiterKind.Append, blocks), SyncReason.Commit);
        }
        else if (spins)
        {
            _shortWait.Pass(waiter!);
        }

        return new Lsn(lsn);
    }

    /// <summary>Writes, and syncs if the leader's own record waits for it.</summary>
    /// <returns>What the leader has to wait with, if someone else is in the gate.</returns>
    private Waiter? Lead(PendingBuffer batch, LeaderWait wait, string reason)
    {
        LeaderOutcome outcome = Writer.Pass(batch, wait);
        if (outcome.Sync is { } target && Gate.Pass(target, reason, out _) is { } failure)
        {
            throw failure;
        }

        return outcome.Failure is null ? outcome.Waiter : throw outcome.Failure;
    }

    private PendingBuffer BeginWriteUnderLock(ref WaiterList done)
    {
        _state.TakeWriteRoleUnderLock();
        return _state.SwapUnderLock(ref done);
    }

    private bool MayMarkUnderLock() =>
        !_closing
        && Core.Latch.Fault is null
        && _state.Filling.IsEmpty
        && !_state.IsWriting
        && _state.WaitingForWriteRole == 0
        && !Writer.Appender.HasPromised(_state.DurableLsn);

    private static ValueTask<Lsn> TaskOf(Waiter waiter, CancellationToken cancellationToken)
    {
        ValueTask<Lsn> task = waiter.Task;
        waiter.CancelWith(cancellationToken);
        return task;
    }

    private void OnCancelled(Waiter waiter)
    {
        bool isWithdrawn;
        ulong lsn;
        lock (_state.Gate)
        {
            isWithdrawn = _state.LeaveRoomUnderLock(waiter) || _state.Waiters.RemovePatient(waiter);
            lsn = waiter.Lsn;
        }

        waiter.Cancel(lsn);
        if (isWithdrawn)
        {
            waiter.Forget();
        }
    }

    private void ThrowIfClosing()
    {
        if (_closing)
        {
            throw Closed();
        }
    }

    /// <summary>What a call to a closed log gets.</summary>
    public static ObjectDisposedException Closed() => new("Wal", "The log is closed.");
}
