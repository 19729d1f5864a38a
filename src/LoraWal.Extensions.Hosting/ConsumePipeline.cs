using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using Polly.Retry;

namespace LoraWal.Extensions.Hosting;

/// <summary>A consumer's call, made again when it fails.</summary>
internal sealed class ConsumePipeline(
    ConsumerRegistration consumer,
    WalConsumerOptions options,
    ResiliencePipelineRegistry<string> pipelines,
    TimeProvider time,
    ILogger logger)
{
    private const string CommonName = "lorawal-consume";

    private readonly ResiliencePipeline _pipeline = Choose(consumer, options, pipelines, time, logger);

    /// <summary>Hands a batch over, as often as the pipeline says.</summary>
    public ValueTask HandleAsync(
        IWalConsumer target, IReadOnlyList<WalTransaction> batch, CancellationToken cancellationToken) =>
        _pipeline.ExecuteAsync(
            static (state, cancel) => state.target.HandleAsync(state.batch, cancel),
            (target, batch),
            cancellationToken);

    // The host's own pipelines win, the one with the consumer's name first.
    private static ResiliencePipeline Choose(
        ConsumerRegistration consumer,
        WalConsumerOptions options,
        ResiliencePipelineRegistry<string> pipelines,
        TimeProvider time,
        ILogger logger) =>
        pipelines.TryGetPipeline($"{CommonName}-{consumer.Name}", out ResiliencePipeline? own) ? own
        : pipelines.TryGetPipeline(CommonName, out ResiliencePipeline? common) ? common
        : pipelines.GetOrAddPipeline(
            $"{CommonName}:{consumer.OptionsName}", builder => Build(builder, consumer, options, time, logger));

    /// <summary>The pipeline of a host that does not replace it.</summary>
    private static void Build(
        ResiliencePipelineBuilder builder,
        ConsumerRegistration consumer,
        WalConsumerOptions options,
        TimeProvider time,
        ILogger logger)
    {
        builder.TimeProvider = time;
        if (options.MaxRetryAttempts == 0)
        {
            return;
        }

        builder.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.MaxRetryAttempts,
            Delay = options.BaseDelay,
            MaxDelay = options.MaxDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is not null
                && !arguments.Context.CancellationToken.IsCancellationRequested),
            OnRetry = arguments =>
            {
                string reason = arguments.Outcome.Exception?.Message ?? "";
                HostLog.RetryingConsumer(
                    logger, consumer.Name, arguments.AttemptNumber + 1, arguments.RetryDelay, reason);
                return ValueTask.CompletedTask;
            },
        });
    }
}
