namespace LoraWal.Log;

/// <summary>A read of the log that can be enumerated, any number of times.</summary>
/// <param name="core">The log.</param>
/// <param name="begin">Begins a pass: called when the first transaction is asked for.</param>
/// <param name="cancellationToken">Ends the read.</param>
internal sealed class LogRead(LogCore core, Func<LogPass> begin, CancellationToken cancellationToken)
    : IAsyncEnumerable<WalTransaction>
{
    private readonly CancellationToken _token = cancellationToken;

    public IAsyncEnumerator<WalTransaction> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (!_token.CanBeCanceled || _token == cancellationToken)
        {
            return new LogEnumerator(core, begin, linked: null, cancellationToken);
        }

        if (!cancellationToken.CanBeCanceled)
        {
            return new LogEnumerator(core, begin, linked: null, _token);
        }

        var linked = CancellationTokenSource.CreateLinkedTokenSource(_token, cancellationToken);
        return new LogEnumerator(core, begin, linked, linked.Token);
    }
}
