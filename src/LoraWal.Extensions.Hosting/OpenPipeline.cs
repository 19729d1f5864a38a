using LoraWal.Storage;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using Polly.Retry;

namespace LoraWal.Extensions.Hosting;

/// <summary>Opening, tried again while the previous owner lets go or the volume arrives.</summary>
/// <remarks>Polly is here and nowhere else: an append, a write or a sync that failed is never tried again.</remarks>
internal sealed class OpenPipeline(
    string key,
    HostedLog log,
    IWalOpener opener,
    ResiliencePipelineRegistry<string> pipelines,
    TimeProvider time,
    ILogger<OpenPipeline> logger)
{
    private const int OperationNotPermitted = 1;
    private const int PermissionDenied = 13;
    private const int ReadOnlyFileSystem = 30;

    private static readonly ResiliencePropertyKey<long> StartedAt = new("lorawal.open.started");

    /// <summary>The pipeline's name: what a host registers under to replace it.</summary>
    public static string NameOf(string key) => key.Length == 0 ? "lorawal-open" : $"lorawal-open-{key}";

    /// <summary>Opens the log, as often as the pipeline says.</summary>
    public async ValueTask<IOpenedWal> OpenAsync(WalOptions options, CancellationToken cancellationToken)
    {
        // The host's own pipeline of that name wins, in whatever order the two were registered.
        ResiliencePipeline pipeline = pipelines.TryGetPipeline(NameOf(key), out ResiliencePipeline? replaced)
            ? replaced
            : pipelines.GetOrAddPipeline(NameOf(key), Build);
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(StartedAt, time.GetTimestamp());
        try
        {
            return await pipeline.ExecuteAsync(
                static (context, state) => state.opener.OpenAsync(state.options, context.CancellationToken),
                context,
                (opener, options)).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>The pipeline of a host that does not replace it.</summary>
    private void Build(ResiliencePipelineBuilder builder)
    {
        LoraWalOpenOptions open = log.Options.Open;
        builder.TimeProvider = time;
        if (open.MaxRetryAttempts == 0)
        {
            return;
        }

        // WHY NOT a timeout strategy: it would cut recovery short, and hide the failure that has to be told.
        builder.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = open.MaxRetryAttempts,
            Delay = open.BaseDelay,
            MaxDelay = open.MaxDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = arguments => ValueTask.FromResult(
                MayPass(arguments.Outcome.Exception)
                && time.GetElapsedTime(arguments.Context.Properties.GetValue(StartedAt, 0)) < open.Timeout),
            OnRetry = arguments =>
            {
                string reason = arguments.Outcome.Exception?.Message ?? "";
                HostLog.RetryingOpen(logger, log.Name, arguments.AttemptNumber + 1, arguments.RetryDelay, reason);
                return ValueTask.CompletedTask;
            },
        });
    }

    /// <summary>Whether waiting can help: a lock is let go, a volume arrives; damage and a foreign log stay.</summary>
    internal static bool MayPass(Exception? failure) =>
        failure is WalInUseException
        || (failure is IOException and not WalException && !IsRefused(failure));

    // Who may not write there today may not in a minute; the same numbers on every Unix.
    private static bool IsRefused(Exception failure) =>
        failure is StorageException { Errno: OperationNotPermitted or PermissionDenied or ReadOnlyFileSystem };
}
