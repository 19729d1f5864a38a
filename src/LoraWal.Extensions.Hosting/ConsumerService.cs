using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly.Registry;

namespace LoraWal.Extensions.Hosting;

/// <summary>Runs one consumer, from the host's start until it stops.</summary>
//
// ORDER: the log is open before any StartAsync, and closes after every StopAsync. In between, for each batch:
//   1. read what is durable     2. HandleAsync, again if it fails     3. acknowledge, durably
// A stop, or a crash, between 2 and 3 hands the batch over once more; between 3 and 1 nothing is missed.
internal sealed class ConsumerService(
    ConsumerRegistration registration, HostedLog log, IServiceProvider services, ILogger<ConsumerService> logger)
    : IHostedService, IDisposable
{
    private readonly TimeProvider _time = services.GetRequiredService<TimeProvider>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConsumerState _state = new(registration.Name);
    private Task _loop = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        WalConsumerOptions options =
            services.GetRequiredService<IOptionsMonitor<WalConsumerOptions>>().Get(registration.OptionsName);
        if (!log.IsEnabled)
        {
            return;
        }

        IWalConsumer consumer = registration.Resolve(services);
        WalCursor cursor = await log.ForWriting.OpenCursorAsync(
            registration.Name,
            new WalCursorOptions
            {
                StartAt = options.StartAt,
                OnDamaged = options.OnDamaged,
                MaxLagBytes = options.MaxLagBytes,
            },
            cancellationToken).ConfigureAwait(false);
        log.Consumers.Enqueue(_state);
        HostLog.ConsumerStarted(logger, registration.Name, log.Name, cursor.Position);
        var delivery = new ConsumerDelivery(
            registration,
            options,
            new ConsumePipeline(
                registration,
                options,
                services.GetRequiredService<ResiliencePipelineRegistry<string>>(),
                _time,
                logger),
            options.DeadLetter is { } key ? new DeadLetters(services.GetRequiredKeyedService<IWal>(key)) : null,
            _time,
            logger);
        _loop = Task.Run(() => RunAsync(delivery, consumer, cursor, options), CancellationToken.None);
    }

    // The batch under way may end or give up; the host's own patience is the limit.
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task RunAsync(
        ConsumerDelivery delivery, IWalConsumer consumer, WalCursor cursor, WalConsumerOptions options)
    {
        CancellationToken stopping = _stopping.Token;
        try
        {
            await using (cursor.ConfigureAwait(false))
            {
                var batches = new ConsumerBatches(cursor, options, _time, stopping);
                await using (batches.ConfigureAwait(false))
                {
                    while (await batches.NextAsync().ConfigureAwait(false) is { Count: > 0 } batch)
                    {
                        await delivery.DeliverAsync(log.Name, consumer, cursor, batch, stopping).ConfigureAwait(false);
                    }
                }
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The position is what was acknowledged; the rest comes again after the next start.
        }
        catch (Exception failure)
        {
            Lsn at = new(Math.Max(delivery.At.Value, cursor.Position.Value + 1)); // it may have failed in reading
            _state.Stop($"The consumer '{registration.Name}' has stopped at LSN {at}: {failure.Message}");
            HostLog.ConsumerStopped(logger, registration.Name, log.Name, at, failure);
        }
    }
}
