using System.Threading.Tasks.Sources;

namespace LoraWal.Log;

/// <summary>What a waiter is waiting for.</summary>
internal enum WaiterKind : byte
{
    /// <summary>An append that has its LSN, or waits for room to get one.</summary>
    Append,

    /// <summary>A sync: returns the durable LSN.</summary>
    Sync,
}

/// <summary>One call that waits for the log. Pooled: a steady state allocates none.</summary>
/// <remarks>
/// Two parties hold a waiter: the log, which has it in one of its lists, and the caller, through a ValueTask or by
/// blocking. Either may let go first (a cancelled caller leaves before the log has finished); only when both have does
/// it go back to the pool.
/// </remarks>
// SAFETY: the fields set by Begin are written before the waiter is shared. Completion happens once: whoever moves
// _completed from 0 to 1 sets the result, the log or a cancellation.
internal sealed class Waiter(WaiterPool pool) : IValueTaskSource<Lsn>, IValueTaskSource
{
    private const int Parties = 2;
    private const int SpinsBeforeBlocking = 20;

    private readonly WaiterPool _pool = pool;

    private ManualResetValueTaskSourceCore<Lsn> _core;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _token;
    private bool _blocks;
    private bool _isParked;
    private Lsn _result;
    private Exception? _failure;
    private int _completed;
    private int _holders;

    /// <summary>The next waiter in the list that holds this one.</summary>
    public Waiter? Next { get; set; }

    public WaiterKind Kind { get; private set; }

    public AppendDurability Need { get; private set; }

    /// <summary>The LSN waited for; 0 while there is no room for the append. Guarded by the log's lock.</summary>
    public ulong Lsn { get; set; }

    /// <summary>Whether its caller still looks after it: nobody need be woken to write its record. Guarded by the log's
    /// lock.</summary>
    public bool Spins { get; set; }

    /// <summary>Whether its caller blocks.</summary>
    public bool Blocks => _blocks;

    /// <summary>Whether the wait has ended.</summary>
    public bool HasEnded => _blocks
        ? Volatile.Read(ref _completed) == 2
        : _core.GetStatus(_core.Version) != ValueTaskSourceStatus.Pending;

    /// <summary>The append that waits for room; empty otherwise.</summary>
    public Submission Submission { get; set; }

    /// <summary>How it ends, once that is decided and before <see cref="Complete"/>: null for success.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What a successful wait returns.</summary>
    public Lsn Result { get; set; }

    /// <summary>The task of a waiter that does not block.</summary>
    public ValueTask<Lsn> Task => new(this, _core.Version);

    /// <summary>The same, without a result.</summary>
    public ValueTask PlainTask => new(this, _core.Version);

    /// <summary>Prepares a waiter from the pool.</summary>
    public void Begin(WaiterKind kind, AppendDurability need, ulong lsn, bool blocks)
    {
        Kind = kind;
        Need = need;
        Lsn = lsn;
        _blocks = blocks;
        _holders = Parties;
    }

    /// <summary>Lets a token end the wait. Called by the caller that waits, once, after it has left the lock.</summary>
    public void CancelWith(CancellationToken token)
    {
        if (token.CanBeCanceled)
        {
            _token = token;
            _cancellation = token.UnsafeRegister(
                static state =>
                {
                    var waiter = (Waiter)state!;
                    waiter._pool.OnCancelled(waiter);
                },
                this);
        }
    }

    /// <summary>Ends the wait as cancelled, unless it has ended. The log keeps its hold.</summary>
    public void Cancel(ulong lsn) => TryEnd(
        default,
        lsn == 0 ? new OperationCanceledException(_token) : new WalWaitCanceledException(new Lsn(lsn), _token));

    /// <summary>Gives up the log's hold on a waiter that has ended and is in none of its lists.</summary>
    public void Forget() => LetGo();

    /// <summary>Ends the wait with <see cref="Failure"/> or <see cref="Result"/>, unless it has ended, and gives up the
    /// log's hold.</summary>
    public void Complete()
    {
        TryEnd(Result, Failure);
        LetGo();
    }

    /// <summary>As <see cref="Complete"/>, with what the caller does next on this thread of the pool.</summary>
    public void CompleteHere()
    {
        TryEnd(Result, Failure, continuesHere: true);
        LetGo();
    }

    /// <summary>Blocks until the wait has ended.</summary>
    /// <returns>The result.</returns>
    public Lsn WaitBlocking()
    {
        var spin = default(SpinWait);
        while (Volatile.Read(ref _completed) < 2 && spin.Count < SpinsBeforeBlocking)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (Volatile.Read(ref _completed) < 2)
        {
            Park();
        }

        (Lsn result, Exception? failure) = (_result, _failure);
        LetGo();
        return failure is null ? result : throw failure;
    }

    Lsn IValueTaskSource<Lsn>.GetResult(short token) => TakeResult(token);

    void IValueTaskSource.GetResult(short token) => TakeResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private Lsn TakeResult(short token)
    {
        _cancellation.Dispose(); // waits for a callback under way: it must not meet the waiter's next life
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            LetGo();
        }
    }

    private void TryEnd(Lsn result, Exception? failure, bool continuesHere = false)
    {
        if (Interlocked.CompareExchange(ref _completed, 1, 0) != 0)
        {
            return;
        }

        _core.RunContinuationsAsynchronously = !continuesHere;

        if (_blocks)
        {
            (_result, _failure) = (result, failure);
            Interlocked.Exchange(ref _completed, 2);
            if (Volatile.Read(ref _isParked))
            {
                lock (this)
                {
                    Monitor.Pulse(this);
                }
            }
        }
        else if (failure is null)
        {
            _core.SetResult(result);
        }
        else
        {
            _core.SetException(failure);
        }
    }

    // SAFETY: either this thread sees that the wait has ended, or the one that ends it sees that this one parks, and
    // wakes it: each writes its own side before it reads the other's, with a full fence in between.
    private void Park()
    {
        lock (this)
        {
            Volatile.Write(ref _isParked, true);
            Interlocked.MemoryBarrier();
            while (Volatile.Read(ref _completed) < 2)
            {
                Monitor.Wait(this);
            }
        }
    }

    private void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _core.Reset();
            _cancellation = default;
            _token = default;
            _result = default;
            _failure = null;
            _completed = 0;
            _isParked = false;
            Spins = false;
            Next = null;
            Submission = default;
            Failure = null;
            Result = default;
            _pool.Return(this);
        }
    }
}

/// <summary>What an append wants to add, for the time it waits for room.</summary>
/// <param name="Bytes">The payload of a lone record, or the entries of a batch.</param>
/// <param name="Count">Records in the batch; 0 for a lone record.</param>
/// <param name="RecordType">The application's number, for a lone record.</param>
internal readonly record struct Submission(ReadOnlyMemory<byte> Bytes, int Count, ushort RecordType);
