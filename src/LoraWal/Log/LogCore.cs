using LoraWal.Diagnostics;
using Microsoft.Extensions.Logging;

namespace LoraWal.Log;

/// <summary>What the write role, the gate and the callers share: the guarded state, the latch, who is woken.</summary>
//
// INVARIANT: whenever there is work (CommitState.NeedsWrite, NeedsSync), someone holds the role it needs, or the I/O
// thread has been asked. Every place that gives up a role, or adds work without taking one, ends in HandOnUnderLock.
// Appends that spin (ShortWait) are no such work: their callers lead them, or stop spinning, which makes them so.
internal sealed class LogCore
{
    private readonly TimeProvider _time;
    private readonly CrowdWaker _waker = new();
    private readonly List<MoveSignal> _listeners = [];
    private volatile IWorker[] _followers = [];
    private volatile bool _hasNews;
    private TaskCompletionSource? _moved;
    private long _unsyncedSince;
    private bool _isClosed;

    public LogCore(LogEnvironment environment, SegmentCatalog catalog, CommitState state)
    {
        Environment = environment;
        _time = environment.Time;
        Catalog = catalog;
        State = state;
        Full = new FullState(_time);
    }

    public LogEnvironment Environment { get; }

    /// <summary>What the lock guards.</summary>
    public CommitState State { get; }

    public PoisonLatch Latch { get; } = new();

    public FullState Full { get; }

    public SegmentCatalog Catalog { get; }

    /// <summary>Who keeps records from truncation.</summary>
    public TruncationHolds Holds { get; } = new();

    /// <summary>Names of the state machines that follow the log; lock it to use it.</summary>
    public HashSet<string> MachineNames { get; } = new(StringComparer.Ordinal);

    public ILogger Logger => Environment.Diagnostics.Logger;

    public WalMeter Meter => Environment.Diagnostics.Meter;

    public string Name => Environment.Settings.Name;

    /// <summary>The I/O thread and its helper; set once, before the first append.</summary>
    public (IWorker Io, IWorker Helper) Workers { get; set; }

    /// <summary>Age of the oldest record that has not been synced.</summary>
    public TimeSpan OldestUnsyncedAge =>
        Volatile.Read(ref _unsyncedSince) is var since and not 0 ? _time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Bytes of the segments with durable records above an LSN; of the active one, what has been
    /// written.</summary>
    public long LagBytes(ulong position)
    {
        lock (State.Gate)
        {
            return position >= State.DurableLsn
                ? 0
                : Catalog.BytesAboveUnderLock(position) + (State.Written.SegmentId == Catalog.Now.ActiveId
                    ? State.Written.Offset
                    : 0);
        }
    }

    /// <summary>Notes that a record has been added, for its age.</summary>
    public void NoteUnsyncedUnderLock()
    {
        if (_unsyncedSince == 0)
        {
            Volatile.Write(ref _unsyncedSince, Math.Max(_time.GetTimestamp(), 1));
        }
    }

    /// <summary>Notes that what had not been written has been dropped: if the rest is durable, nothing waits for a
    /// sync.</summary>
    public void NoteDroppedUnderLock()
    {
        if (State.DurableLsn == State.LastAssigned)
        {
            Volatile.Write(ref _unsyncedSince, 0);
        }
    }

    /// <summary>Publishes how far the log has been written.</summary>
    public void PublishWrittenUnderLock(LogPosition position, ref WaiterList done)
    {
        State.PublishWrittenUnderLock(position, ref done);
        PulseUnderLock();
    }

    /// <summary>Publishes how far the log has been synced.</summary>
    /// <param name="position">Exactly what was taken before the sync.</param>
    /// <param name="taken">When it was taken: whatever is not durable now is younger.</param>
    /// <param name="done">Takes the waiters that are done.</param>
    public void PublishDurableUnderLock(LogPosition position, long taken, ref WaiterList done)
    {
        State.PublishDurableUnderLock(position, ref done);
        bool isAll = State.DurableLsn == State.LastAssigned;
        Volatile.Write(ref _unsyncedSince, isAll ? 0 : Math.Max(taken, 1));
        PulseUnderLock();
    }

    /// <summary>Closes the latch, unless it is closed, and fails everyone who waits.</summary>
    /// <returns>Whether this fault was the first: tell <see cref="AfterLock"/>.</returns>
    public bool PoisonUnderLock(string reason, Exception failure, ref WaiterList done)
    {
        var fault = new WalFault(reason, new Lsn(State.DurableLsn), _time.GetUtcNow(), failure);
        bool isFirst = Latch.TryClose(fault);
        if (isFirst)
        {
            State.FailWaitersUnderLock(fault, ref done);
            PulseUnderLock();
        }

        return isFirst;
    }

    /// <summary>Closes the latch over a failure that is neither a write nor a sync of a segment.</summary>
    public void Poison(string reason, Exception failure)
    {
        var done = default(WaiterList);
        bool isFirst;
        lock (State.Gate)
        {
            isFirst = PoisonUnderLock(reason, failure, ref done);
        }

        AfterLock(ref done, HandOn.Nobody, isFirst);
    }

    public void ThrowIfPoisoned(bool outcomeUnknown)
    {
        if (Latch.Fault is { } fault)
        {
            throw new WalPoisonedException(fault, outcomeUnknown);
        }
    }

    /// <summary>Completes waiters, wakes leaders and announces a first fault, once the lock is left.</summary>
    public void AfterLock(ref WaiterList done, HandOn handOn, bool isFirstFault = false)
    {
        WakeFollowers();
        Complete(ref done);
        switch (handOn)
        {
            case HandOn.IoThread:
                Workers.Io.Request();
                break;
            case HandOn.Helper:
                Workers.Helper.Request();
                break;
        }

        if (isFirstFault && Latch.Fault is { } fault)
        {
            WalLog.Poisoned(Logger, Name, fault.At, fault.Reason, fault.Exception);
            Latch.Announce();
        }
    }

    private void Complete(ref WaiterList done)
    {
        if (done.Count < CrowdWaker.Crowd || Environment.Work.IsSingleThreaded)
        {
            done.CompleteAll();
            return;
        }

        // Who blocks is woken by this thread; who awaits goes on in the pool.
        var awaiting = default(WaiterList);
        while (done.TakeFirst() is { } waiter)
        {
            if (waiter.Blocks)
            {
                waiter.Complete();
            }
            else
            {
                awaiting.Add(waiter);
            }
        }

        _waker.Complete(ref awaiting);
    }

    /// <summary>Nothing is written or synced any more.</summary>
    public void End()
    {
        lock (State.Gate)
        {
            _isClosed = true;
            PulseUnderLock();
        }

        WakeFollowers();
        EndThreads();
    }

    /// <summary>Ends the threads, once they have done what they were asked for.</summary>
    public void EndThreads()
    {
        Workers.Io.Dispose();
        Workers.Helper.Dispose();
    }

    /// <summary>How far readers may look, and whether anything is still to come.</summary>
    public (LogPosition Written, LogPosition Durable, WalFault? Fault, bool IsClosed) Edges()
    {
        lock (State.Gate)
        {
            return (State.Written, State.DurablePosition, Latch.Fault, _isClosed);
        }
    }

    /// <summary>Completes when an edge moves, the log is poisoned, or it closes. Ask before looking at the
    /// edges.</summary>
    public Task MovedAsync()
    {
        lock (State.Gate)
        {
            _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _moved.Task;
        }
    }

    /// <summary>Gives this signal whenever an edge moves, the log is poisoned, or it closes.</summary>
    public void Listen(MoveSignal signal)
    {
        lock (State.Gate)
        {
            _listeners.Add(signal);
        }
    }

    /// <summary>Ends <see cref="Listen"/>.</summary>
    public void StopListening(MoveSignal signal)
    {
        lock (State.Gate)
        {
            _listeners.Remove(signal);
        }
    }

    /// <summary>Asks a worker for a run whenever an edge moves, the log is poisoned, or it closes: what
    /// <see cref="MovedAsync"/> tells, without a task each time.</summary>
    public void AddFollower(IWorker follower)
    {
        lock (State.Gate)
        {
            _followers = [.. _followers, follower];
        }
    }

    public void RemoveFollower(IWorker follower)
    {
        lock (State.Gate)
        {
            _followers = [.. _followers.Where(known => !ReferenceEquals(known, follower))];
        }
    }

    // Outside the lock: waking a thread takes longer than everything that is done under it.
    private void WakeFollowers()
    {
        if (!_hasNews)
        {
            return;
        }

        _hasNews = false;
        foreach (IWorker follower in _followers)
        {
            follower.Request();
        }
    }

    private void PulseUnderLock()
    {
        _hasNews = true;
        _moved?.TrySetResult();
        _moved = null;
        foreach (MoveSignal listener in _listeners)
        {
            listener.Set();
        }
    }
}
