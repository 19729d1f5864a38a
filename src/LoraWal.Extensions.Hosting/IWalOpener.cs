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

    /// <summary>What opening found; null if there was nothing to open.</summary>
    RecoveryReport? Recovery { get; }

    /// <summary>Free bytes of the log's volume; asks the operating system.</summary>
    long? FreeBytes();

    /// <summary>The group flusher's loop. Never throws.</summary>
    Task RunGroupFlusherAsync(CancellationToken stopping);

    /// <summary>Syncs what is left and closes; throws what went wrong.</summary>
    ValueTask CloseAsync();
}

/// <summary>Opens logs with the engine.</summary>
internal sealed class EngineWalOpener(TimeProvider time, ILoggerFactory? loggers, IMeterFactory? meters) : IWalOpener
{
    public async ValueTask<IOpenedWal> OpenAsync(WalOptions options, CancellationToken cancellationToken) =>
        new EngineWal(await Wal.OpenHostedAsync(options, time, loggers, meters, cancellationToken)
            .ConfigureAwait(false));

    private sealed class EngineWal(Wal wal) : IOpenedWal
    {
        public IWal Log => wal;

        public RecoveryReport? Recovery => wal.Recovery;

        public long? FreeBytes() => wal.FreeBytes();

        public Task RunGroupFlusherAsync(CancellationToken stopping) => wal.RunGroupFlusherAsync(stopping);

        public ValueTask CloseAsync() => wal.CloseAsync(CancellationToken.None);

        public ValueTask DisposeAsync() => wal.DisposeAsync();

        public void Dispose() => wal.Dispose();
    }
}
