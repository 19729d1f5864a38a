using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace LoraWal;

/// <summary>A write-ahead log in a directory. Open it with <see cref="OpenAsync"/>.</summary>
public sealed class Wal : IWal, IAsyncDisposable, IDisposable
{
    private Wal()
    {
    }

    /// <inheritdoc/>
    public string Name => throw new NotSupportedException();

    /// <inheritdoc/>
    public WalStatus Status => throw new NotSupportedException();

    /// <inheritdoc/>
    public CancellationToken Poisoned => throw new NotSupportedException();

    /// <summary>What opening found and did.</summary>
    public RecoveryReport Recovery => throw new NotSupportedException();

    /// <summary>Opens the log in a directory, creating it if there is none, and recovers it after a crash.</summary>
    /// <param name="options">The settings; copied.</param>
    /// <param name="timeProvider">The clock and the timers. Default: the system's.</param>
    /// <param name="loggerFactory">Where diagnostics go. Default: nowhere.</param>
    /// <param name="meterFactory">Creates the meter. Default: a meter of the log's own.</param>
    /// <param name="cancellationToken">Stops the wait before opening begins.</param>
    public static ValueTask<Wal> OpenAsync(
        WalOptions options,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Opens a log whose group flusher the host runs, by <see cref="RunGroupFlusherAsync"/>.</summary>
    internal static ValueTask<Wal> OpenHostedAsync(
        WalOptions options,
        TimeProvider timeProvider,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Opens a log in an environment of the caller's: the way in for tests. Blocking.</summary>
    internal static Wal Open(WalOptions options, WalEnvironment environment) => throw new NotSupportedException();

    /// <summary>The group flusher's loop: ends when stopped, when the log is poisoned or closed, or abandoned and
    /// collected. Never throws.</summary>
    internal Task RunGroupFlusherAsync(CancellationToken stopping) => throw new NotSupportedException();

    /// <summary>Free bytes of the log's volume; null if it does not say. Asks the operating system.</summary>
    internal long? FreeBytes() => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<Lsn> AppendAsync(
        ReadOnlyMemory<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <inheritdoc/>
    public Lsn Append(
        ReadOnlySpan<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<Lsn> CommitAsync(
        WalBatch batch,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask WaitForDurableAsync(Lsn lsn, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask CheckpointAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<TruncateResult> TruncateAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Closes the log as <see cref="DisposeAsync"/> does, and throws what went wrong.</summary>
    /// <param name="cancellationToken">Ends the wait for a sync that hangs; the log then stays locked until that
    /// sync ends.</param>
    public ValueTask CloseAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Closes the log: syncs what is left, writes the close marker, releases the lock.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => throw new NotSupportedException();
}
