namespace LoraWal.Log;

/// <summary>Follows the log for one consumer inside this process, without an allocation per record, frame or
/// wait.</summary>
/// <remarks>
/// <para>Call <see cref="Next"/> until the edge is reached, then <see cref="WaitAsync"/>, and so on.</para>
/// <para>The bytes of a transaction are valid until the next call of <see cref="Next"/>.</para>
/// <para>Used by one caller at a time.</para>
/// </remarks>
internal sealed class LogFollower : IDisposable
{
    private readonly LogCore _core;
    private readonly Func<LogPass> _begin;
    private readonly MoveSignal _moved = new();
    private LogPass? _pass;
    private bool _hasEnded;

    /// <param name="core">The log.</param>
    /// <param name="begin">Begins the pass: called when the first transaction is asked for.</param>
    public LogFollower(LogCore core, Func<LogPass> begin)
    {
        _core = core;
        _begin = begin;
        core.Listen(_moved); // before the edges are looked at for the first time: no move is missed
    }

    /// <summary>The next transaction; or that there is none yet; or that none will come: the log has been closed, or
    /// the end that was asked for is reached.</summary>
    /// <exception cref="WalPoisonedException">The log is poisoned, and all that is durable has been read.</exception>
    /// <exception cref="WalCorruptException">There is no valid frame below the edge.</exception>
    /// <exception cref="WalTruncatedException">What comes next has been truncated away.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, between two frames.</exception>
    public PassStatus Next(out WalTransaction transaction, CancellationToken cancellationToken = default)
    {
        if (_hasEnded)
        {
            transaction = default;
            return PassStatus.Ended;
        }

        _pass ??= _begin();
        PassStatus status = _pass.Next(out transaction, cancellationToken);
        _hasEnded = status == PassStatus.Ended;
        return status;
    }

    /// <summary>Waits until something has moved since the last wait ended. Then ask for the next transaction: there
    /// need not be one.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken = default) => _moved.WaitAsync(cancellationToken);

    public void Dispose()
    {
        _hasEnded = true;
        _core.StopListening(_moved);
        _pass?.Dispose();
        _pass = null;
    }
}
