namespace LoraWal.Extensions.Hosting;

/// <summary>Gets every record of a log at least once, in order, and only what is durable. Added by
/// <c>builder.AddConsumer&lt;T&gt;("name")</c>.</summary>
/// <remarks>What it did for a batch must bear being done again: after a crash, and after a failure, the batch comes
/// once more.</remarks>
public interface IWalConsumer
{
    /// <summary>Handles a batch. When the task completes, everything in it is acknowledged durably, and the log may
    /// truncate it.</summary>
    /// <param name="batch">One or more whole transactions in LSN order. Safe to keep.</param>
    /// <param name="cancellationToken">Cancelled when the host stops. A batch that ends all the same is acknowledged;
    /// one that throws comes again after the next start.</param>
    /// <remarks>Called by one thread at a time. What it throws is handed to the resilience pipeline
    /// <c>lorawal-consume</c>, which calls again with the same batch.</remarks>
    ValueTask HandleAsync(IReadOnlyList<WalTransaction> batch, CancellationToken cancellationToken);
}
