using System.Diagnostics.Metrics;
using LoraWal.Diagnostics;
using LoraWal.Log;
using Microsoft.Extensions.Logging;

namespace LoraWal;

/// <summary>A write-ahead log in a directory. Open it with <see cref="OpenAsync"/>.</summary>
/// <remarks>
/// Dispose of it when done: that syncs what is left and lets the next open begin at a clean end. A log that is
/// abandoned instead is recovered by the next open, as after a kill of the process.
/// </remarks>
/// <threadsafety>All members may be used by any number of threads at once, disposal included: every call that waits
/// ends.</threadsafety>
public sealed partial class Wal : IWal, IAsyncDisposable, IDisposable
{
    // A sync can hang for ever; disposing must not.
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(30);

    private readonly WalEnvironment _environment;
    private readonly LogWriter _log;
    private readonly LogControl _control;
    private readonly WalDiagnostics _diagnostics;
    private readonly SyncMode _syncMode;
    private readonly long _maxTransactionBytes;
    private readonly long _maxEntryBytes;
    private readonly CancellationTokenSource _stopFlusher = new();
    private readonly Lock _closeLock = new();
    private readonly AbandonedLog _abandoned;
    private Task _flusher = Task.CompletedTask;
    private Task<Exception?>? _closing;

    internal Wal(WalEnvironment environment, WalDiagnostics diagnostics, LogWriter log, LogControl control)
    {
        _environment = environment;
        _diagnostics = diagnostics;
        _log = log;
        _control = control;
        _abandoned = new AbandonedLog(log.Core);
        LogSettings settings = log.Core.Environment.Settings;
        Name = settings.Name;
        _syncMode = settings.SyncMode;
        _maxTransactionBytes = settings.MaxTransactionBytes;
        _maxEntryBytes = settings.MaxEntryBytes;
        if (environment.StartsFlusher)
        {
            _flusher = RunGroupFlusherAsync(_stopFlusher.Token);
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public WalStatus Status => StatusOf(_log);

    /// <inheritdoc/>
    public CancellationToken Poisoned => _log.Core.Latch.Token;

    /// <inheritdoc/>
    public WalRecordTypes RecordTypes { get; internal init; } = new();

    /// <summary>What opening found and did.</summary>
    public RecoveryReport Recovery { get; internal init; } = new();

    /// <summary>Opens the log in a directory, creating it if there is none, and recovers it after a crash.</summary>
    /// <param name="options">The settings; read once.</param>
    /// <param name="timeProvider">The clock and the timers. Default: the system's.</param>
    /// <param name="loggerFactory">Where diagnostics go. Default: nowhere.</param>
    /// <param name="meterFactory">Creates the meter. Default: a meter of the log's own.</param>
    /// <param name="cancellationToken">Stops the wait before opening begins.</param>
    /// <returns>The open log; it runs its own group flusher.</returns>
    /// <remarks><b>Durability.</b> When the task completes, every record found is durable: what nothing proved to be
    /// has been written again and synced.</remarks>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    /// <exception cref="WalInUseException">Another process, or another handle in this one, owns the
    /// directory.</exception>
    /// <exception cref="WalCorruptException">Something that was durable is damaged or missing; or a torn tail was found
    /// and <see cref="WalOptions.TornTail"/> refuses it. Nothing was changed.</exception>
    /// <exception cref="WalFullException">A new log's first segment found no space.</exception>
    /// <exception cref="WalException">The directory is a file, cannot be written, is another program's, or lies on a
    /// file system without dependable locks.</exception>
    /// <exception cref="IOException">The operating system refused a call. The next attempt starts over.</exception>
    public static ValueTask<Wal> OpenAsync(
        WalOptions options,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        CancellationToken cancellationToken = default)
    {
        WalOptionsCheck.ThrowIfInvalid(options);
        WalEnvironment environment = WalEnvironment.OnDisk(options.Directory) with
        {
            Time = timeProvider ?? TimeProvider.System,
            LoggerFactory = loggerFactory,
            MeterFactory = meterFactory,
        };
        return OpenInBackgroundAsync(options, environment, cancellationToken);
    }

    /// <summary>Opens a log whose group flusher the host runs, by <see cref="RunGroupFlusherAsync"/>.</summary>
    internal static ValueTask<Wal> OpenHostedAsync(
        WalOptions options,
        TimeProvider timeProvider,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        CancellationToken cancellationToken)
    {
        WalOptionsCheck.ThrowIfInvalid(options);
        WalEnvironment environment = WalEnvironment.OnDisk(options.Directory) with
        {
            Time = timeProvider,
            LoggerFactory = loggerFactory,
            MeterFactory = meterFactory,
            StartsFlusher = false,
        };
        return OpenInBackgroundAsync(options, environment, cancellationToken);
    }

    /// <summary>Opens a log in an environment of the caller's: the way in for tests. Blocking.</summary>
    internal static Wal Open(WalOptions options, WalEnvironment environment)
    {
        WalOptionsCheck.ThrowIfInvalid(options);
        return WalOpener.Open(options, environment);
    }

    /// <summary>The group flusher's loop: ends when stopped, when the log is poisoned or closed, or abandoned and
    /// collected. Never throws.</summary>
    internal Task RunGroupFlusherAsync(CancellationToken stopping) =>
        _syncMode == SyncMode.None ? Task.CompletedTask : GroupFlusher.RunAsync(_log, stopping);

    /// <summary>Who keeps records from truncation; whoever opens the log sets its own before handing it out.</summary>
    internal TruncationHolds Holds => _log.Core.Holds;

    /// <summary>What a state machine and retention work with.</summary>
    internal (LogCore Core, LogControl Control, WalEnvironment Environment) Parts =>
        (_log.Core, _control, _environment);

    /// <summary>One round of the group flusher, for tests that have no timer.</summary>
    internal bool FlushTick() => _log.FlushTick();

    /// <summary>Bytes that may still be written to the log's file system; null if it does not say.</summary>
    internal long? FreeBytes() => _environment.Storage.FreeBytes();

    /// <inheritdoc/>
    public ValueTask<Lsn> AppendAsync(
        ReadOnlyMemory<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default)
    {
        CheckSize(payload.Length, payload.Length, nameof(payload));
        AppendDurability need = Resolve(durability);
        return SubmitAsync(new Submission(payload, 0, recordType), need, payload.Length, cancellationToken);
    }

    /// <inheritdoc/>
    public Lsn Append(
        ReadOnlySpan<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default)
    {
        CheckSize(payload.Length, payload.Length, nameof(payload));
        AppendDurability need = Resolve(durability);
        if (!_diagnostics.Meter.TimesAppends)
        {
            return _log.SubmitBlocking(payload, recordType, need);
        }

        long start = _environment.Time.GetTimestamp();
        Lsn lsn = _log.SubmitBlocking(payload, recordType, need);
        _diagnostics.Meter.Appended(
            _environment.Time.GetElapsedTime(start), payload.Length, need == AppendDurability.Durable);
        return lsn;
    }

    /// <inheritdoc/>
    public ValueTask<Lsn> CommitAsync(
        WalBatch batch,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        AppendDurability need = Resolve(durability);
        ReadOnlyMemory<byte> entries = batch.SealEntries();
        if (batch.Count == 0)
        {
            return new ValueTask<Lsn>(Lsn.None);
        }

        CheckSize(batch.PayloadBytes, entries.Length, nameof(batch));
        return SubmitAsync(new Submission(entries, batch.Count, 0), need, batch.PayloadBytes, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return _log.SyncAsync(cancellationToken);
        }
        catch (Exception failure) when (AppendMetrics.BelongsInTask(failure))
        {
            return ValueTask.FromException<Lsn>(failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask WaitForDurableAsync(Lsn lsn, CancellationToken cancellationToken = default)
    {
        try
        {
            return _log.WaitForDurableAsync(lsn.Value, cancellationToken);
        }
        catch (Exception failure) when (AppendMetrics.BelongsInTask(failure))
        {
            return ValueTask.FromException(failure);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_log.IsClosing, this);
        return new LogReader(_log.Core, _environment.Storage).ReadAsync(options, cancellationToken);
    }

    /// <summary>Follows the log for one consumer inside this process, without an allocation per record, frame or
    /// wait. A payload is valid until the next transaction is asked for.</summary>
    internal LogFollower Follow(WalReadOptions options)
    {
        ObjectDisposedException.ThrowIf(_log.IsClosing, this);
        return new LogReader(_log.Core, _environment.Storage).Follow(options);
    }

    /// <inheritdoc/>
    public async ValueTask CheckpointAsync(Lsn fence, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _control.CheckpointAsync(fence.Value).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<TruncateResult> TruncateAsync(Lsn fence, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TruncateResult result = await _control.TruncateAsync(fence.Value).WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        Cursors.ReportLag();
        return result;
    }

    /// <summary>Closes the log as <see cref="DisposeAsync"/> does, waits as long as it takes, and throws what went
    /// wrong, a poisoning that came before included.</summary>
    /// <param name="cancellationToken">Ends the wait for a sync that hangs. Closing goes on, and the directory stays
    /// locked until that sync ends.</param>
    /// <exception cref="WalPoisonedException">The log is poisoned: what was not durable may be lost.</exception>
    /// <exception cref="WalFullException">Buffered records were dropped for lack of space.</exception>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        Exception? failure = await BeginClose().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (failure is not null)
        {
            throw failure;
        }

        _log.Core.ThrowIfPoisoned(outcomeUnknown: true);
    }

    /// <summary>Closes the log: refuses new appends, writes and syncs what is left, writes and syncs the close marker,
    /// releases the lock. A poisoned log syncs nothing and claims nothing. The second call does nothing.</summary>
    /// <remarks><b>Durability.</b> When the task completes without an exception and the log was not poisoned, every
    /// record appended is durable. A poisoning that earlier calls have reported is not thrown again.</remarks>
    /// <exception cref="WalPoisonedException">The last sync or the close marker failed.</exception>
    /// <exception cref="WalFullException">Buffered records were dropped for lack of space.</exception>
    /// <exception cref="TimeoutException">A sync has been hanging for 30 seconds. The directory stays locked until it
    /// ends.</exception>
    public async ValueTask DisposeAsync()
    {
        bool isFirst = _closing is null;
        Exception? failure = await BeginClose().WaitAsync(DisposeTimeout, _environment.Time).ConfigureAwait(false);
        if (isFirst && failure is not null)
        {
            throw failure;
        }
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    internal static WalStatus StatusOf(LogWriter log)
    {
        LogCore core = log.Core;
        SegmentCatalog.Summary segments = core.Catalog.Now;

        // SAFETY: read in this order, each of them only grows (next may fall back to written + 1 when the log is full),
        // so durable <= written < next holds in every snapshot.
        ulong durable = core.State.DurableLsn;
        ulong written = core.State.WrittenLsn;
        ulong next = core.State.Next;
        WalFault? fault = core.Latch.Fault;
        return new WalStatus
        {
            State = log.IsClosing ? WalState.Closed
                : fault is not null ? WalState.Poisoned
                : core.Full.IsFull ? WalState.Full
                : WalState.Running,
            NextLsn = new Lsn(next),
            WrittenLsn = new Lsn(written),
            DurableLsn = new Lsn(durable),
            OldestLsn = new Lsn(Math.Min(segments.OldestLsn, next)),
            CheckpointLsn = new Lsn(log.Writer.Appender.Fence),
            ActiveSegmentId = segments.ActiveId,
            OldestSegmentId = segments.OldestId,
            SegmentCount = segments.Count,
            LogBytes = segments.Bytes,
            OldestUnsyncedAge = core.OldestUnsyncedAge,
            Fault = fault,
        };
    }

    private static async ValueTask<Wal> OpenInBackgroundAsync(
        WalOptions options, WalEnvironment environment, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await Background.RunAsync(
            environment.Work, "lorawal-open", () => WalOpener.Open(options, environment)).ConfigureAwait(false);
    }

    private ValueTask<Lsn> SubmitAsync(
        Submission append, AppendDurability need, long payloadBytes, CancellationToken cancellationToken)
    {
        try
        {
            if (!_diagnostics.Meter.TimesAppends)
            {
                return _log.SubmitAsync(append, need, cancellationToken);
            }

            long start = _environment.Time.GetTimestamp();
            ValueTask<Lsn> task = _log.SubmitAsync(append, need, cancellationToken);
            return AppendMetrics.MeasureAsync(
                task, _diagnostics.Meter, _environment.Time, start, payloadBytes, need);
        }
        catch (Exception failure) when (AppendMetrics.BelongsInTask(failure))
        {
            return ValueTask.FromException<Lsn>(failure);
        }
    }

    private Task<Exception?> BeginClose()
    {
        lock (_closeLock)
        {
            return _closing ??= CloseInBackgroundAsync();
        }
    }

    private async Task<Exception?> CloseInBackgroundAsync()
    {
        _log.BeginClosing();
        await _stopFlusher.CancelAsync().ConfigureAwait(false);
        await _flusher.ConfigureAwait(false);
        Exception? failure = await _control.CloseAsync().ConfigureAwait(false);
        await Cursors.CloseAsync().ConfigureAwait(false);
        _abandoned.Dispose();
        _environment.Storage.Dispose(); // last: the next owner may come in now
        _diagnostics.Meter.Dispose();
        _stopFlusher.Dispose();
        return failure;
    }

    private AppendDurability Resolve(AppendDurability durability) => durability switch
    {
        AppendDurability.Default when _syncMode == SyncMode.PerCommit => AppendDurability.Durable,
        AppendDurability.Default => AppendDurability.Written,
        <= AppendDurability.Durable => durability,
        _ => throw new ArgumentOutOfRangeException(nameof(durability), durability, "There is no such durability."),
    };

    private void CheckSize(long payloadBytes, long entryBytes, string parameter)
    {
        if (entryBytes > _maxEntryBytes)
        {
            throw new ArgumentException(
                $"A transaction of {payloadBytes} bytes can never fit: its segment would take the log over "
                + $"{nameof(WalOptions.MaxLogBytes)}. Nothing was appended.",
                parameter);
        }

        if (payloadBytes > _maxTransactionBytes)
        {
            throw new ArgumentException(
                $"A transaction of {payloadBytes} bytes is over {nameof(WalOptions.MaxTransactionBytes)} "
                + $"({_maxTransactionBytes}). Nothing was appended.",
                parameter);
        }
    }
}
