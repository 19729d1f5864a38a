using System.Runtime.CompilerServices;

namespace LoraWal.Log;

/// <summary>Enumerates one pass over the log.</summary>
// WHY NOT an async iterator: it costs more per transaction than reading one. Only a wait at the edge is asynchronous.
internal sealed class LogEnumerator(
    LogCore core, Func<LogPass> begin, CancellationTokenSource? linked, CancellationToken cancellationToken)
    : IAsyncEnumerator<WalTransaction>
{
    private LogPass? _pass;
    private Task _moved = Task.CompletedTask;
    private WalTransaction _current;
    private bool _hasBegun;

    public WalTransaction Current => _current;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ValueTask<bool> MoveNextAsync() =>
        _pass is { HasNextOfFrame: true } pass && pass.TryNextOfFrame(out _current)
        ? new ValueTask<bool>(true)
        : MoveOnAsync();

    public ValueTask DisposeAsync()
    {
        End();
        return default;
    }

    private ValueTask<bool> MoveOnAsync()
    {
        try
        {
            if (!_hasBegun)
            {
                _hasBegun = true;
                _pass = begin();
            }

            if (_pass is null)
            {
                return new ValueTask<bool>(false);
            }

            if (_pass.WillLook)
            {
                _moved = core.MovedAsync(); // before the edges are looked at: no move is missed
            }

            switch (_pass.Next(out _current, cancellationToken))
            {
                case PassStatus.Transaction:
                    return new ValueTask<bool>(true);
                case PassStatus.AtEdge:
                    return WaitAsync();
                default:
                    End();
                    return new ValueTask<bool>(false);
            }
        }
        catch (Exception failure)
        {
            End();
            return ValueTask.FromException<bool>(failure);
        }
    }

    private async ValueTask<bool> WaitAsync()
    {
        try
        {
            await _moved.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            End();
            throw;
        }

        return await MoveOnAsync().ConfigureAwait(false);
    }

    private void End()
    {
        _hasBegun = true;
        _current = default;
        _pass?.Dispose();
        _pass = null;
        linked?.Dispose();
    }
}
