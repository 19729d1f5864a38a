using System.Threading.Tasks.Sources;

namespace LoraWal.Log;

/// <summary>Wakes one consumer, again and again, without allocating.</summary>
/// <remarks>A signal given while nobody waits is kept: the next wait ends at once.</remarks>
// SAFETY: a wait moves Quiet to Waiting, a signal moves whatever there is to Signalled. Whoever finds Waiting there is
// the one that completes the wait. The next wait begins only after the consumer has taken the result of this one.
internal sealed class MoveSignal : IValueTaskSource, IThreadPoolWorkItem
{
    private const int Quiet = 0;
    private const int Signalled = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _token;
    private int _state;

    /// <summary>Wakes the consumer on a thread of the pool, never on this one.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _state, Signalled) == Waiting)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Waits for a signal given since the last wait ended.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Quiet) != Quiet)
        {
            Interlocked.Exchange(ref _state, Quiet); // before the consumer looks at what the signal was about
            return default;
        }

        var wait = new ValueTask(this, _core.Version);
        _token = cancellationToken;
        _cancellation = cancellationToken.UnsafeRegister(static signal => ((MoveSignal)signal!).Set(), this);
        return wait;
    }

    void IThreadPoolWorkItem.Execute() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token)
    {
        _core.GetResult(token);
        _cancellation.Dispose(); // waits for a callback under way: it must not meet the next wait
        Interlocked.Exchange(ref _state, Quiet); // before the consumer looks at what the signal was about
        _token.ThrowIfCancellationRequested();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
