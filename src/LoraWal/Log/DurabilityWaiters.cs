namespace LoraWal.Log;

/// <summary>The calls that wait, by what for: in LSN order, each in one list. Guarded by the log's lock.</summary>
/// <remarks>Nothing is completed here: waiters that are done are collected and completed outside the lock.</remarks>
internal sealed class DurabilityWaiters
{
    private WaiterList _filling;
    private WaiterList _writing;
    private WaiterList _durable;
    private WaiterList _patient;
    private WaiterList _room;

    /// <summary>How many in the buffer being filled want to be written.</summary>
    public int WrittenWanted { get; private set; }

    /// <summary>How many more of these look after themselves for a moment: they lead as soon as they may.</summary>
    public int Spinning { get; private set; }

    /// <summary>How many in the buffer being filled want to be durable.</summary>
    public int DurableWanted { get; private set; }

    /// <summary>How many wait in the buffer being filled.</summary>
    public int FillingCount => _filling.Count;

    /// <summary>The first append that waits for room; null if none does.</summary>
    public Waiter? FirstForRoom => _room.First;

    /// <summary>LSN of the first one whose record is written and that waits for a sync; null if none does.</summary>
    public ulong? FirstForSync => _durable.First?.Lsn;

    /// <summary>Whether nobody waits for a write that is under way.</summary>
    public bool IsWritingEmpty => _writing.IsEmpty;

    public void AddToFilling(Waiter waiter)
    {
        _filling.Add(waiter);
        if (waiter.Spins)
        {
            Spinning++;
        }
        else if (waiter.Need == AppendDurability.Written)
        {
            WrittenWanted++;
        }
        else
        {
            DurableWanted++;
        }
    }

    /// <summary>From now on someone else has to look after a waiter in the buffer being filled.</summary>
    public void StopSpinning()
    {
        Spinning--;
        WrittenWanted++;
    }

    public void AddToWriting(Waiter waiter) => _writing.Add(waiter);

    public void AddForSync(Waiter waiter) => _durable.Add(waiter);

    /// <summary>Adds a call that waits for a sync that is due anyway; its LSN may be any.</summary>
    public void AddPatient(Waiter waiter) => _patient.Add(waiter);

    public bool RemovePatient(Waiter waiter) => _patient.Remove(waiter);

    public void AddForRoom(Waiter waiter) => _room.Add(waiter);

    public bool RemoveForRoom(Waiter waiter) => _room.Remove(waiter);

    public Waiter? TakeForRoom() => _room.TakeFirst();

    /// <summary>The buffer that was filled is being written now.</summary>
    public void Swap()
    {
        (_writing, _filling) = (_filling, default);
        ForgetFilling();
    }

    /// <summary>Moves on those whose records are written.</summary>
    public void OnWritten(ulong written, ulong durable, ref WaiterList done)
    {
        while (_writing.First is { } waiter && waiter.Lsn <= written)
        {
            _writing.TakeFirst();
            if (waiter.Need == AppendDurability.Written || waiter.Lsn <= durable)
            {
                Succeed(waiter, durable, ref done);
            }
            else
            {
                _durable.Add(waiter);
            }
        }
    }

    /// <summary>Collects those whose records are durable.</summary>
    public void OnDurable(ulong durable, ref WaiterList done)
    {
        while (_durable.First is { } waiter && waiter.Lsn <= durable)
        {
            _durable.TakeFirst();
            Succeed(waiter, durable, ref done);
        }

        WaiterList patient = _patient;
        _patient = default;
        while (patient.TakeFirst() is { } waiter)
        {
            if (waiter.Lsn <= durable)
            {
                Succeed(waiter, durable, ref done);
            }
            else
            {
                _patient.Add(waiter);
            }
        }
    }

    /// <summary>Fails everyone whose record has not been written, for lack of space.</summary>
    public void FailUnwritten(ulong written, string message, ref WaiterList done)
    {
        Fail(ref _writing, _ => new WalFullException(message), ref done);
        Fail(ref _filling, _ => new WalFullException(message), ref done);
        Fail(ref _room, _ => new WalFullException(message), ref done);
        ForgetFilling();

        WaiterList patient = _patient;
        _patient = default;
        var unwritten = default(WaiterList);
        while (patient.TakeFirst() is { } waiter)
        {
            if (waiter.Lsn > written)
            {
                unwritten.Add(waiter);
            }
            else
            {
                _patient.Add(waiter);
            }
        }

        Fail(ref unwritten, _ => new WalFullException(message), ref done);
    }

    /// <summary>Fails everyone but the waiters of a write under way, whose outcome its leader knows.</summary>
    public void FailAllButWriting(WalFault fault, ref WaiterList done)
    {
        Fail(ref _filling, waiter => new WalPoisonedException(fault, waiter.Kind == WaiterKind.Sync), ref done);
        Fail(ref _room, _ => new WalPoisonedException(fault, outcomeUnknown: false), ref done);
        Fail(ref _durable, _ => new WalPoisonedException(fault, outcomeUnknown: true), ref done);
        Fail(ref _patient, _ => new WalPoisonedException(fault, outcomeUnknown: true), ref done);
        ForgetFilling();
    }

    /// <summary>Fails the waiters of a write that has ended in a poisoned log.</summary>
    /// <param name="fault">The first fault.</param>
    /// <param name="handedLsn">Records up to here were handed to a write; those above never will be.</param>
    /// <param name="done">Takes the waiters.</param>
    public void FailWriting(WalFault fault, ulong handedLsn, ref WaiterList done) => Fail(
        ref _writing,
        waiter => new WalPoisonedException(fault, waiter.Kind == WaiterKind.Sync || waiter.Lsn <= handedLsn),
        ref done);

    /// <summary>Fails the appends that wait for room.</summary>
    public void FailRoom(Func<Waiter, Exception> failure, ref WaiterList done) => Fail(ref _room, failure, ref done);

    /// <summary>Collects a waiter that is done.</summary>
    public static void Succeed(Waiter waiter, ulong durable, ref WaiterList done)
    {
        waiter.Result = new Lsn(waiter.Kind == WaiterKind.Sync ? durable : waiter.Lsn);
        done.Add(waiter);
    }

    private static void Fail(ref WaiterList waiters, Func<Waiter, Exception> failure, ref WaiterList done)
    {
        while (waiters.TakeFirst() is { } waiter)
        {
            waiter.Failure = failure(waiter);
            done.Add(waiter);
        }
    }

    private void ForgetFilling()
    {
        WrittenWanted = 0;
        Spinning = 0;
        DurableWanted = 0;
    }
}
