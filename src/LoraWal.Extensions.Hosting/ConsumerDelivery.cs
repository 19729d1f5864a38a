using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace LoraWal.Extensions.Hosting;

/// <summary>Brings one batch to a consumer and acknowledges it, or moves what the consumer gives up.</summary>
internal sealed class ConsumerDelivery(
    ConsumerRegistration registration,
    WalConsumerOptions options,
    ConsumePipeline pipeline,
    DeadLetters? deadLetters,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>The first LSN of what is under way, or was when it failed.</summary>
    public Lsn At { get; private set; }

    /// <summary>Delivers a batch.</summary>
    /// <exception cref="OperationCanceledException">The host stops.</exception>
    /// <exception cref="Exception">The consumer has failed for good and there is no dead-letter log; or that, or the
    /// log itself, has failed.</exception>
    public async ValueTask DeliverAsync(
        string log,
        IWalConsumer consumer,
        WalCursor cursor,
        IReadOnlyList<WalTransaction> batch,
        CancellationToken stopping)
    {
        At = batch[0].FirstLsn;
        Exception? failure = await TryAsync(consumer, batch, stopping).ConfigureAwait(false);
        if (failure is not null && deadLetters is not null && batch.Count > 1)
        {
            // Only what cannot be handled is moved. Each is acknowledged on its own, so that a stop repeats little.
            foreach (WalTransaction transaction in batch)
            {
                await DeliverAsync(log, consumer, cursor, [transaction], stopping).ConfigureAwait(false);
            }

            return;
        }

        if (failure is not null && deadLetters is null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        if (failure is not null)
        {
            // ORDER: durable there before the position moves past it here.
            await deadLetters!.MoveAsync(log, registration.Name, batch[0], failure).ConfigureAwait(false);
            HostLog.DeadLettered(
                logger, registration.Name, log, batch[0].FirstLsn, batch[0].LastLsn, options.DeadLetter!, failure);
        }

        await AcknowledgeAsync(log, cursor, batch[^1].LastLsn, stopping).ConfigureAwait(false);
    }

    private async ValueTask<Exception?> TryAsync(
        IWalConsumer consumer, IReadOnlyList<WalTransaction> batch, CancellationToken stopping)
    {
        try
        {
            await pipeline.HandleAsync(consumer, batch, stopping).ConfigureAwait(false);
            return null;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            return failure;
        }
    }

    // A full disk heals, and a position that is late costs only repetition: wait, rather than read on and owe more.
    private async ValueTask AcknowledgeAsync(string log, WalCursor cursor, Lsn lsn, CancellationToken stopping)
    {
        for (TimeSpan delay = options.BaseDelay; ; delay = delay * 2 > options.MaxDelay ? options.MaxDelay : delay * 2)
        {
            try
            {
                await cursor.AcknowledgeAsync(lsn, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (IOException failure) when (failure is not WalException)
            {
                HostLog.AcknowledgeFailed(logger, registration.Name, log, lsn, delay, failure);
            }

            await Task.Delay(delay, time, stopping).ConfigureAwait(false);
        }
    }
}
