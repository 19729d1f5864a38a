using LoraWal.Log;

namespace LoraWal.Machines;

/// <summary>Who waits for a record to be applied. A steady state allocates nothing.</summary>
internal sealed class MachineWaiters
{
    private readonly Lock _lock = new();
    private readonly WaiterPool _pool = new(static waiter => waiter.Cancel(waiter.Lsn));
    private WaiterList _waiting;
    private Func<ulong, Exception>? _end;
    private ulong _applied;

    /// <summary>The last record applied. Only grows.</summary>
    public ulong Applied => Volatile.Read(ref _applied);

    /// <summary>Waits until a record is applied.</summary>
    public ValueTask WaitAsync(ulong lsn, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            if (_applied >= lsn)
            {
                return default;
            }

            if (_end is { } end)
            {
                return ValueTask.FromException(end(lsn));
            }

            waiter = _pool.Rent();
            waiter.Begin(WaiterKind.Append, AppendDurability.Written, lsn, blocks: false);
            _waiting.Add(waiter);
        }

        waiter.CancelWith(cancellationToken);
        return waiter.PlainTask;
    }

    /// <summary>Says how far records are applied.</summary>
    public void Advance(ulong applied)
    {
        var done = default(WaiterList);
        lock (_lock)
        {
            if (applied <= _applied)
            {
                return;
            }

            Volatile.Write(ref _applied, applied);
            WaiterList waiting = _waiting;
            _waiting = default;
            while (waiting.TakeFirst() is { } waiter)
            {
                if (waiter.Lsn <= applied)
                {
                    waiter.Result = new Lsn(waiter.Lsn);
                    done.Add(waiter);
                }
                else
                {
                    _waiting.Add(waiter);
                }
            }
        }

        done.CompleteAll();
    }

    /// <summary>Nothing more will be applied: fails everyone who waits, and who will. The first reason stays.</summary>
    /// <param name="end">The exception of a wait, by its LSN.</param>
    public void End(Func<ulong, Exception> end)
    {
        var done = default(WaiterList);
        lock (_lock)
        {
            if (_end is not null)
            {
                return;
            }

            _end = end;
            while (_waiting.TakeFirst() is { } waiter)
            {
                waiter.Failure = end(waiter.Lsn);
                done.Add(waiter);
            }
        }

        done.CompleteAll();
    }
}
