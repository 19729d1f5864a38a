using LoraWal.Diagnostics;
using LoraWal.Records;
using LoraWal.Segments;

namespace LoraWal.Log;

/// <summary>What a leader itself waits for.</summary>
/// <param name="Lsn">Its last LSN; 0 if it leads for others only.</param>
/// <param name="Need">How far it wants its records to be.</param>
/// <param name="Kind">An append, or a sync.</param>
/// <param name="Blocks">Whether it blocks, should it have to wait.</param>
internal readonly record struct LeaderWait(ulong Lsn, AppendDurability Need, WaiterKind Kind, bool Blocks);

/// <summary>How a write went for its leader. Nothing set: its records are as durable as it wants them.</summary>
/// <param name="Failure">What to throw.</param>
/// <param name="Sync">The gate is taken: sync this.</param>
/// <param name="Waiter">Someone else is in the gate: wait for the sync after.</param>
internal readonly record struct LeaderOutcome(Exception? Failure, SyncTarget? Sync, Waiter? Waiter);

/// <summary>The write role: whoever holds it writes frames and markers, and rotates.</summary>
internal sealed class WriteRole : IAppenderHost
{
    private readonly LogCore _core;
    private readonly SyncGate _gate;
    private readonly WaiterPool _pool;
    private readonly ManualResetEventSlim _free = new();

    public WriteRole(LogCore core, SyncGate gate, WaiterPool pool, SegmentMaker maker, SegmentWriter active)
    {
        _core = core;
        _gate = gate;
        _pool = pool;
        Appender = new SegmentAppender(this, maker, core.Environment, active);
    }

    /// <summary>For whoever has the role.</summary>
    public SegmentAppender Appender { get; }

    ulong IAppenderHost.DurableLsn => _core.State.DurableLsn;

    long IAppenderHost.LogBytes => _core.Catalog.Now.Bytes;

    WalFault? IAppenderHost.Fault => _core.Latch.Fault;

    /// <summary>Writes a buffer. The caller has the role.</summary>
    /// <param name="batch">The buffer.</param>
    /// <param name="leader">What the leader itself waits for.</param>
    /// <param name="keepsRole">Whether the caller keeps the role.</param>
    public LeaderOutcome Pass(PendingBuffer batch, LeaderWait leader, bool keepsRole = false)
    {
        Exception? failure = null;
        try
        {
            Appender.Write(batch, _core.Full.IsFull);
        }
        catch (Exception caught)
        {
            failure = caught; // whatever it is, it fills the log or closes it, below
        }

        var done = default(WaiterList);
        LeaderOutcome outcome;
        bool isFirst = false;
        bool isHealed = false;
        (ulong First, ulong Last) dropped = default;
        HandOn handOn;
        int records = batch.RecordCount;
        lock (_core.State.Gate)
        {
            isFirst = PoisonIfBrokenUnderLock(failure, ref done);
            if (_core.Latch.Fault is { } fault)
            {
                _core.State.Waiters.FailWriting(fault, Appender.HandedLsn, ref done);
                bool isUnknown = leader.Kind == WaiterKind.Sync || leader.Lsn <= Appender.HandedLsn;
                outcome = new LeaderOutcome(new WalPoisonedException(fault, isUnknown), null, null);
            }
            else
            {
                _core.PublishWrittenUnderLock(Appender.Position, ref done);
                if (failure is WalFullException full)
                {
                    dropped = _core.State.FailUnwrittenUnderLock(batch, full.Message, ref done);
                    _core.Full.Set(full.Message, dropped);
                    _core.NoteDroppedUnderLock();
                }
                else
                {
                    isHealed = _core.Full.IsFull && _core.Full.Clear();
                }

                outcome = OutcomeUnderLock(leader, failure);
            }

            batch.Clear();
            if (!keepsRole)
            {
                EndUnderLock();
            }

            handOn = _core.State.HandOnUnderLock();
        }

        _core.AfterLock(ref done, handOn, isFirst);
        Report(failure is null ? records : 0, failure as WalFullException, isHealed, dropped);
        return outcome;
    }

    /// <summary>Writes a marker. The caller has the role, and keeps it.</summary>
    /// <returns>Whether it was written; if not, there was no room for one that is not required, or the log is poisoned
    /// now.</returns>
    /// <exception cref="WalFullException">It needs a segment, and there is no space for one.</exception>
    public bool WriteMarker(MarkerReason reason, bool isRequired)
    {
        Exception? failure = null;
        bool isWritten = false;
        try
        {
            isWritten = Appender.WriteMarker(reason, isRequired);
        }
        catch (Exception caught) when (caught is not WalFullException)
        {
            failure = caught; // a marker that is half written leaves the file in doubt
        }

        var done = default(WaiterList);
        bool isFirst;
        lock (_core.State.Gate)
        {
            isFirst = PoisonIfBrokenUnderLock(failure, ref done);
            if (_core.Latch.Fault is null)
            {
                _core.PublishWrittenUnderLock(Appender.Position, ref done);
            }
        }

        _core.AfterLock(ref done, HandOn.Nobody, isFirst);
        return isWritten && failure is null;
    }

    /// <summary>Takes the role, blocking until it is free: no one else writes meanwhile.</summary>
    public void Take()
    {
        lock (_core.State.Gate)
        {
            _core.State.WaitingForWriteRole++;
        }

        while (true)
        {
            lock (_core.State.Gate)
            {
                if (!_core.State.IsWriting)
                {
                    _core.State.WaitingForWriteRole--;
                    _core.State.TakeWriteRoleUnderLock();
                    return;
                }

                _free.Reset();
            }

            _free.Wait();
        }
    }

    /// <summary>Gives the role back.</summary>
    public void Release()
    {
        var done = default(WaiterList);
        HandOn handOn;
        lock (_core.State.Gate)
        {
            EndUnderLock();
            handOn = _core.State.HandOnUnderLock();
        }

        _core.AfterLock(ref done, handOn);
    }

    /// <summary>Writes whatever is buffered. The caller has the role, and keeps it.</summary>
    public void WriteBuffered()
    {
        while (true)
        {
            var done = default(WaiterList);
            PendingBuffer batch;
            lock (_core.State.Gate)
            {
                if (_core.State.Filling.IsEmpty || _core.Latch.Fault is not null)
                {
                    return;
                }

                batch = _core.State.SwapUnderLock(ref done);
            }

            done.CompleteAll();
            Pass(batch, default, keepsRole: true);
        }
    }

    void IAppenderHost.SyncBeforeRotation(LogPosition written)
    {
        var done = default(WaiterList);
        lock (_core.State.Gate)
        {
            if (_core.Latch.Fault is null)
            {
                _core.PublishWrittenUnderLock(written, ref done);
            }
        }

        _core.AfterLock(ref done, HandOn.Nobody);
        try
        {
            _gate.PassBlocking(SyncReason.Rotation);
        }
        catch (WalPoisonedException)
        {
            throw new PoisonedDuringWriteException();
        }
    }

    void IAppenderHost.OnRotated(SegmentWriter sealedSegment, SegmentWriter active, SegmentEntry entry)
    {
        lock (_core.State.Gate)
        {
            _gate.RotateUnderLock(sealedSegment.File, active.File);
            _core.Catalog.AddUnderLock(entry);
        }

        WalLog.Rotated(_core.Logger, _core.Name, entry.Id, new Lsn(entry.BaseLsn));
    }

    private void EndUnderLock()
    {
        _core.State.EndWriteUnderLock();
        if (_core.State.WaitingForWriteRole > 0)
        {
            _free.Set();
        }
    }

    private bool PoisonIfBrokenUnderLock(Exception? failure, ref WaiterList done) =>
        failure is not (null or WalFullException or PoisonedDuringWriteException)
        && _core.PoisonUnderLock($"write failed: {failure.Message}", failure, ref done);

    private LeaderOutcome OutcomeUnderLock(LeaderWait leader, Exception? failure)
    {
        if (failure is WalFullException && leader.Lsn > _core.State.WrittenLsn)
        {
            return new LeaderOutcome(new WalFullException(failure.Message), null, null);
        }

        if (leader.Need != AppendDurability.Durable || leader.Lsn <= _core.State.DurableLsn)
        {
            return default;
        }

        if (_core.State.CanSyncUnderLock())
        {
            return new LeaderOutcome(null, _gate.TakeUnderLock(), null);
        }

        Waiter waiter = _pool.Rent();
        waiter.Begin(leader.Kind, leader.Need, leader.Lsn, leader.Blocks);
        _core.State.WaitUnderLock(waiter);
        return new LeaderOutcome(null, null, waiter);
    }

    private void Report(int records, WalFullException? full, bool isHealed, (ulong First, ulong Last) dropped)
    {
        _core.Meter.Wrote(records);
        if (full is not null)
        {
            WalLog.Full(_core.Logger, _core.Name, full.Message);
            if (dropped.Last != 0)
            {
                WalLog.BufferedDropped(_core.Logger, _core.Name, new Lsn(dropped.First), new Lsn(dropped.Last));
            }
        }
        else if (isHealed)
        {
            WalLog.Healed(_core.Logger, _core.Name);
        }
    }
}
