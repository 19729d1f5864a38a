namespace LoraWal.Simulation;

/// <summary>A call to the log that has not been looked at yet, and what its end means to the oracle.</summary>
internal sealed class PendingCall
{
    private readonly ValueTask<Lsn> _task;
    private ValueTask? _plain;
    private readonly bool _wasOwed;
    private readonly bool _wasPoisoned;
    private AppendDurability _need;
    private Attempt? _attempt;
    private ulong _covers;
    private byte[] _lent = [];
    private bool _wasDropped;

    private PendingCall(
        CrashWorld world, ValueTask<Lsn> task, CancellationTokenSource? cancellation, bool wasPoisoned)
    {
        _task = task;
        Cancellation = cancellation;
        _wasPoisoned = wasPoisoned;
        _wasOwed = world.Oracle.OwesDropReport;
    }

    public string Name => _attempt is not null ? $"append {_need} of {_attempt}"
        : _plain is not null ? $"wait for {_covers}"
        : $"sync up to {_covers}";

    /// <summary>Whether it may wait for the next group sync.</summary>
    public bool IsPatient { get; private set; }

    public CancellationTokenSource? Cancellation { get; }

    public bool IsCompleted => _plain is { } plain ? plain.IsCompleted : _task.IsCompleted;

    public static void Append(
        CrashWorld world, Attempt attempt, AppendDurability need, CancellationTokenSource? cancellation)
    {
        Wal wal = world.Wal!;
        bool wasPoisoned = wal.Status.Fault is not null;
        byte[][] copies = [.. attempt.Payloads.Select(payload => payload.ToArray())];
        ValueTask<Lsn> task;
        try
        {
            task = Append(world, wal, attempt, copies, need, cancellation?.Token ?? default);
        }
        catch (ArgumentException neverFits) when (world.Log.Options.MaxLogBytes > 0)
        {
            task = ValueTask.FromException<Lsn>(neverFits);
        }

        world.Note($"append {need} of {attempt}");
        AppendDurability real = need != AppendDurability.Default ? need
            : world.Log.Options.SyncMode == SyncMode.PerCommit ? AppendDurability.Durable : AppendDurability.Written;
        var call = new PendingCall(world, task, cancellation, wasPoisoned)
        {
            _attempt = attempt,
            _need = real,
            _lent = copies[0],
        };
        if (call.IsCompleted)
        {
            call.ReuseBuffer();
        }

        world.Add(call);
    }

    private static ValueTask<Lsn> Append(
        CrashWorld world,
        Wal wal,
        Attempt attempt,
        byte[][] copies,
        AppendDurability need,
        CancellationToken token)
    {
        if (copies.Length == 1 && !world.Random.OneIn(4))
        {
            return wal.AppendAsync(copies[0], (ushort)attempt.FirstId, need, token);
        }

        var batch = new WalBatch();
        for (int i = 0; i < copies.Length; i++)
        {
            batch.Add(copies[i], (ushort)(attempt.FirstId + i));
        }

        return wal.CommitAsync(batch, need, token);
    }

    public static void Sync(CrashWorld world, CancellationTokenSource? cancellation)
    {
        Wal wal = world.Wal!;
        bool wasPoisoned = wal.Status.Fault is not null;
        ulong covers = world.LastAppended;
        ValueTask<Lsn> task = wal.SyncAsync(cancellation?.Token ?? default);
        world.Note($"sync up to {covers}");
        world.Add(new PendingCall(world, task, cancellation, wasPoisoned) { _covers = covers });
    }

    public static void WaitForDurable(CrashWorld world, ulong lsn, CancellationTokenSource? cancellation)
    {
        Wal wal = world.Wal!;
        bool wasPoisoned = wal.Status.Fault is not null;
        ValueTask task = wal.WaitForDurableAsync(new Lsn(lsn), cancellation?.Token ?? default);
        world.Note($"wait for {lsn}");
        bool mustFail = wasPoisoned && !task.IsCompletedSuccessfully;
        world.Add(new PendingCall(world, new ValueTask<Lsn>(new Lsn(lsn)), cancellation, mustFail)
        {
            _covers = lsn,
            _plain = task,
            _wasDropped = world.Oracle.IsDropped(lsn),
            IsPatient = world.Log.Options.SyncMode == SyncMode.GroupSync,
        });
    }

    /// <summary>Takes the result.</summary>
    public void Finish(CrashWorld world)
    {
        ReuseBuffer();
        Lsn lsn;
        if (_plain is null && _task.IsFaulted && _task.AsTask().Exception?.InnerException is { } known)
        {
            Fail(world, known); // not thrown again: that is slow, and most of them come from a poisoned log
            return;
        }

        try
        {
            _plain?.GetAwaiter().GetResult();
            lsn = _task.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            Fail(world, failure);
            return;
        }

        world.Note($"-> {lsn}: {Name}");
        Oracle.Require(!_wasPoisoned, $"acknowledged after the log was poisoned: {Name}");
        WalStatus status = world.Wal!.Status;
        if (_attempt is not null)
        {
            world.Oracle.Acknowledge(_attempt, _need, lsn.Value);
            world.Appended(lsn.Value);
            Oracle.Require(
                _need != AppendDurability.Durable || lsn <= status.DurableLsn,
                $"acknowledged as {lsn}, durable is {status.DurableLsn}: {Name}");
            Oracle.Require(
                _need == AppendDurability.Buffered || lsn <= status.WrittenLsn,
                $"acknowledged as {lsn}, written is {status.WrittenLsn}: {Name}");
        }
        else
        {
            Oracle.Require(lsn.Value >= _covers || world.Oracle.WasFull, $"ended at {lsn}: {Name}");
            Oracle.Require(
                !_wasDropped || !world.Oracle.IsDropped(lsn.Value), $"the record was dropped, nobody was told: {Name}");
            Oracle.Require(
                lsn <= status.DurableLsn || lsn <= world.Log.Options.ReplayAfter,
                $"ended at {lsn}, durable is {status.DurableLsn}: {Name}");
            bool isOwed = _wasOwed && world.Oracle.OwesDropReport; // else another call has been told meanwhile
            Oracle.Require(
                !isOwed || _plain is not null, $"buffered records were dropped, and this says nothing: {Name}");
        }
    }

    // The call has ended: its caller does something else with the memory.
    private void ReuseBuffer() => Array.Fill(_lent, (byte)0xA5);

    private void Fail(CrashWorld world, Exception failure)
    {
        world.Note($"-> {failure.GetType().Name}: {Name}");
        bool isUnknown = failure switch
        {
            WalFullException => false,
            WalPoisonedException poisoned => poisoned.OutcomeUnknown,
            WalWaitCanceledException => true,
            OperationCanceledException => false,
            ObjectDisposedException => false,
            ArgumentException => false, // larger than the log may ever be
            _ => throw new BrokenPromiseException($"{Name} threw {failure}"),
        };
        if (failure is WalPoisonedException { Fault: { } fault })
        {
            world.Oracle.Observe(fault);
        }

        if (failure is WalFullException)
        {
            world.Oracle.WasFull = true;
            world.Oracle.OwesDropReport &= _attempt is not null;
            world.Oracle.HasToldDrop |= _attempt is null;
        }

        if (_attempt is not null)
        {
            _attempt.Fate = isUnknown ? Fate.Unknown : Fate.Never;
            if (failure is WalWaitCanceledException canceled)
            {
                _attempt.LastLsn = canceled.Lsn.Value;
            }
        }
    }
}
