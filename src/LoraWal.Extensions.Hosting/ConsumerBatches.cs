namespace LoraWal.Extensions.Hosting;

/// <summary>Gathers what a cursor reads into batches.</summary>
internal sealed class ConsumerBatches : IAsyncDisposable
{
    private readonly WalConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending;
    private readonly IAsyncEnumerator<WalTransaction> _source;
    private Task<bool>? _next;

    public ConsumerBatches(
        WalCursor cursor, WalConsumerOptions options, TimeProvider time, CancellationToken stopping)
    {
        _options = options;
        _time = time;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _source = cursor.ReadAsync(_ending.Token).GetAsyncEnumerator(_ending.Token);
    }

    /// <summary>Waits for the next batch.</summary>
    /// <returns>It; empty when the log has been closed.</returns>
    /// <exception cref="OperationCanceledException">The host stops. What was gathered is read
    /// again after the next start.</exception>
    public async ValueTask<List<WalTransaction>> NextAsync()
    {
        List<WalTransaction> batch = [];
        long bytes = 0;
        int records = 0;
        Task? linger = null;
        while (records < _options.MaxRecords && bytes < _options.MaxBytes)
        {
            _next ??= _source.MoveNextAsync().AsTask();
            if (batch.Count > 0 && !_next.IsCompleted)
            {
                linger ??= Task.Delay(_options.Linger, _time, _ending.Token);
                if (await Task.WhenAny(_next, linger).ConfigureAwait(false) == linger && !_next.IsCompleted)
                {
                    await linger.ConfigureAwait(false);
                    return batch;
                }
            }

            // A failure behind a batch waits for the next call: what came before it is handled first.
            if (batch.Count > 0 && _next.IsFaulted)
            {
                return batch;
            }

            if (!await _next.ConfigureAwait(false))
            {
                return batch;
            }

            _next = null;
            WalTransaction transaction = _source.Current;
            batch.Add(transaction);
            records += transaction.Count;
            foreach (WalRecord record in transaction)
            {
                bytes += record.Payload.Length;
            }
        }

        return batch;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        if (_next is Task pending)
        {
            await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // an enumerator is not left running
        }

        await _source.DisposeAsync().ConfigureAwait(false);
        _ending.Dispose();
    }
}
