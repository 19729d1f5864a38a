using LoraWal.Diagnostics;
using LoraWal.Log;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Machines;

/// <summary>Follows the log and applies its records to a machine: the one path for replay and for live.</summary>
/// <remarks>
/// Whoever finds records below the edge applies them, one at a time: the worker that the log wakes whenever an edge
/// moves, or a caller whose record is among the next. A caller that waits is in no danger of being forgotten: every
/// move of the edge asks for a run of the worker, and a run ends only when nothing below the edge is left.
/// </remarks>
internal sealed class MachineRunner : IDisposable
{
    // A caller applies its own record, and a few before it, not a backlog.
    private const ulong MostOnCaller = 256;

    private readonly Lock _gate = new();
    private readonly LogCore _core;
    private readonly IWalStateMachine _machine;
    private readonly string _name;
    private readonly ApplyWhen _when;
    private readonly SegmentCursor _cursor;
    private readonly TransactionSplitter _split;
    private IWorker? _worker;
    private volatile WalStateMachineException? _fault;

    // Guarded by the gate.
    private ulong _at;
    private int _pauses;
    private bool _ended;

    public MachineRunner(
        LogCore core,
        IStorage storage,
        (IWalStateMachine Machine, string Name) machine,
        ApplyWhen when,
        ulong after,
        SnapshotSchedule schedule)
    {
        _core = core;
        (_machine, _name) = machine;
        _when = when;
        Schedule = schedule;
        _at = after;
        Waiters.Advance(after);
        _cursor = new LogReader(core, storage).OpenCursor(new Lsn(after), new ReadBuffer(isReused: true));
        _split = new TransactionSplitter(after, ulong.MaxValue);
    }

    public MachineWaiters Waiters { get; } = new();

    /// <summary>When the next snapshot is due.</summary>
    public SnapshotSchedule Schedule { get; }

    /// <summary>Why nothing more is applied; null while it is.</summary>
    public WalStateMachineException? Fault => _fault;

    /// <summary>Applies what is below the edge now, before anyone follows.</summary>
    /// <param name="applied">Told the LSN after each few frames.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WalStateMachineException">The machine failed.</exception>
    public void Replay(Action<ulong> applied, CancellationToken cancellationToken)
    {
        const int FramesPerLook = 64;
        LogPosition edge = EdgeOf(_core.Edges());
        for (int frames = 1; Step(edge); frames++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (frames % FramesPerLook == 0)
            {
                applied(Waiters.Applied);
            }
        }

        ThrowIfFailed();
    }

    /// <summary>Follows the log from now on.</summary>
    public void Follow()
    {
        _worker = _core.Environment.Work.CreateWorker(
            "lorawal-apply", this, static runner => runner.CatchUp());
        _core.AddFollower(_worker);
        _worker.Request();
    }

    /// <summary>Applies everything below the edge.</summary>
    public void CatchUp()
    {
        while (true)
        {
            (LogPosition Written, LogPosition Durable, WalFault? Fault, bool IsClosed) edges = _core.Edges();
            LogPosition edge = EdgeOf(edges);
            bool any = false;
            while (Step(edge))
            {
                any = true;
            }

            if (!any)
            {
                EndWithLog(edges.Fault, edges.IsClosed);
                return;
            }
        }
    }

    /// <summary>Applies a record that is among the next ones on the caller's thread, if nobody else is at it.</summary>
    /// <returns>Whether it is applied.</returns>
    public bool TryCatchUp(ulong lsn)
    {
        ulong applied = Waiters.Applied;
        if (applied >= lsn || lsn - applied > MostOnCaller)
        {
            return applied >= lsn;
        }

        LogPosition edge = EdgeOf(_core.Edges());
        while (Waiters.Applied < lsn)
        {
            if (!_gate.TryEnter())
            {
                return false;
            }

            (bool Moved, ulong At, long Commits, long Bytes) step;
            try
            {
                step = ApplyNextUnderGate(edge);
            }
            finally
            {
                _gate.Exit();
            }

            if (!Report(step))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Looks at the machine while nothing is applied.</summary>
    public TResult Read<T, TArgument, TResult>(TArgument argument, Func<T, TArgument, TResult> read)
        where T : class, IWalStateMachine
    {
        lock (_gate)
        {
            ThrowIfFailed();
            return read((T)_machine, argument);
        }
    }

    /// <summary>A consistent point: the LSN, and what the state is saved from. Without a view nothing is applied until
    /// <see cref="Resume"/>.</summary>
    public (ulong Lsn, IWalSnapshotView? View) Prepare()
    {
        lock (_gate)
        {
            ThrowIfFailed();
            IWalSnapshotView? view = _machine.PrepareSnapshot();
            _pauses += view is null ? 1 : 0;
            return (_at, view);
        }
    }

    public void Resume()
    {
        lock (_gate)
        {
            _pauses--;
        }

        _worker?.Request();
    }

    public void ThrowIfFailed()
    {
        if (_fault is { } fault)
        {
            throw Again(fault);
        }
    }

    /// <summary>Stops following. What is being applied is finished first.</summary>
    public void Dispose()
    {
        if (_worker is { } worker)
        {
            _core.RemoveFollower(worker);
            worker.Dispose();
        }

        lock (_gate)
        {
            _ended = true;
            _cursor.Dispose();
        }

        Waiters.End(_ => new ObjectDisposedException(_name, $"The state machine '{_name}' is stopped."));
    }

    /// <summary>The same failure for another caller: an exception that is thrown twice loses its stack.</summary>
    public static WalStateMachineException Again(WalStateMachineException fault) =>
        new(fault.Machine, fault.Lsn, fault.InnerException!);

    private LogPosition EdgeOf((LogPosition Written, LogPosition Durable, WalFault? Fault, bool IsClosed) edges) =>
        _when == ApplyWhen.Written && edges.Fault is null ? edges.Written : edges.Durable;

    private bool Step(LogPosition edge)
    {
        (bool Moved, ulong At, long Commits, long Bytes) step;
        lock (_gate)
        {
            step = ApplyNextUnderGate(edge);
        }

        return Report(step);
    }

    // Outside the gate: waking those who wait must hold up neither the next record nor a read.
    private bool Report((bool Moved, ulong At, long Commits, long Bytes) step)
    {
        Waiters.Advance(step.At);
        if (_fault is not null)
        {
            EndWith(_fault);
            return false;
        }

        if (step.Commits > 0)
        {
            Schedule.Note(step.Commits, step.Bytes);
        }

        return step.Moved;
    }

    private (bool Moved, ulong At, long Commits, long Bytes) ApplyNextUnderGate(LogPosition edge)
    {
        if (_pauses > 0 || _fault is not null || _ended)
        {
            return (false, _at, 0, 0);
        }

        ulong next = _at + 1;
        long commits = 0;
        try
        {
            if (!_cursor.MoveNext(edge))
            {
                return (false, _at, 0, 0);
            }

            // A frame holds whole transactions, so no read sees half of one.
            _split.Begin(_cursor.Frames, _cursor.Created);
            while (_split.TryNext(out WalTransaction transaction))
            {
                foreach (WalRecord record in transaction)
                {
                    next = record.Lsn.Value;
                    _machine.Apply(in record);
                    _at = next;
                }

                commits++;
            }

            return (true, _at, commits, _cursor.Frames.Frame.Length);
        }
        catch (Exception failure)
        {
            _fault = new WalStateMachineException(_name, new Lsn(next), failure);
            WalLog.MachineFailed(_core.Logger, _core.Name, _name, new Lsn(next), failure);
            return (false, _at, 0, 0);
        }
    }

    private void EndWithLog(WalFault? fault, bool isClosed)
    {
        lock (_gate)
        {
            if (_pauses > 0)
            {
                return; // the run that follows the pause comes back to this
            }
        }

        if (fault is not null)
        {
            EndWith(fault);
        }
        else if (isClosed)
        {
            Waiters.End(_ => new ObjectDisposedException(_name, "The log is closed."));
        }
    }

    // Methods of their own: a closure is allocated where its variables begin, used or not.
    private void EndWith(WalStateMachineException fault) => Waiters.End(_ => Again(fault));

    private void EndWith(WalFault fault) =>
        Waiters.End(_ => new WalPoisonedException(fault, outcomeUnknown: true));
}
