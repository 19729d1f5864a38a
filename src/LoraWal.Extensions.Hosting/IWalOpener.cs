using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace LoraWal.Extensions.Hosting;

/// <summary>Opens logs. A test puts another one in its place.</summary>
internal interface IWalOpener
{
    /// <summary>Makes one attempt to open a log.</summary>
    ValueTask<IOpenedWal> OpenAsync(WalOptions options, CancellationToken cancellationToken);
}

/// <summary>An open log, with what only its host may do to it.</summary>
internal interface IOpenedWal : IAsyncDisposable, IDisposable
{
    /// <summary>The log itself.</summary>
    IWal Log { get; }

    /// <summary>The engine's log, for what only it can do; null of any other.</summary>
    Wal? Engine => null;

    /// <summary>What opening found; null if there was nothing to open.</summary>
    RecoveryReport? Recovery { get; }

    /// <summary>Free bytes of the log's volume; asks the operating system.</summary>
    long? FreeBytes();

    /// <summary>The group flusher's loop. Never throws.</summary>
    Task RunGroupFlusherAsync(CancellationToken stopping);

    /// <summary>Keeps the log within limits, until stopped. Never throws.</summary>
    Task RunRetentionAsync(WalRetentionOptions limits, bool needsCheckpoint, CancellationToken stopping);

    /// <summary>Syncs what is left and closes; throws what went wrong.</summary>
    ValueTask CloseAsync();
}

/// <summary>Opens logs with the engine.</summary>
internal sealed class EngineWalOpener(TimeProvider time, ILoggerFactory? loggers, IMeterFactory? meters) : IWalOpener
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(30);

    public async ValueTask<IOpenedWal> OpenAsync(WalOptions options, CancellationToken cancellationToken) =>
        new EngineWal(
            await Wal.OpenHostedAsync(options, time, loggers, meters, cancellationToken).ConfigureAwait(false), time);

    private sealed class EngineWal(Wal wal, TimeProvider time) : IOpenedWal
    {
        public IWal Log => wal;

        public Wal? Engine => wal;

        public RecoveryReport? Recovery => wal.Recovery;

        public long? FreeBytes() => wal.FreeBytes();

        public Task RunGroupFlusherAsync(CancellationToken stopping) => wal.RunGroupFlusherAsync(stopping);

        public Task RunRetentionAsync(WalRetentionOptions limits, bool needsCheckpoint, CancellationToken stopping) =>
            WalRetention.RunRetentionAsync(wal, limits, needsCheckpoint, stopping);

        // The host's token does not end the last sync; a sync that hangs must not keep the host from ending for ever.
        public async ValueTask CloseAsync()
        {
            using var limit = new CancellationTokenSource(CloseTimeout, time);
            try
            {
                await wal.CloseAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException hung) when (limit.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"The log '{wal.Name}' has not closed for {CloseTimeout}: a sync hangs. What was not durable may "
                    + "be lost; the directory stays locked until the process ends.",
                    hung);
            }
        }

        public ValueTask DisposeAsync() => wal.DisposeAsync();

        public void Dispose() => wal.Dispose();
    }
}
