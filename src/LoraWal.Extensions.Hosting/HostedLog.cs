using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting;

/// <summary>One log of the host: what has become of it, and the owner of the open handle.</summary>
//
//   NotOpen --Opened--> Replaying --Run--> Running --CloseAsync or disposal--> Closed
//      |                    |
//      +------Fail----------+--> Failed     (the handle, if there is one, is closed with the container)
internal sealed class HostedLog : IAsyncDisposable, IDisposable
{
    private readonly string _key;
    private readonly IOptionsMonitor<LoraWalOptions> _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _poisoned = new();
    private readonly TaskCompletionSource<bool> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Each is set once, in this order; readers take no lock.
    private volatile IOpenedWal? _opened;
    private volatile IWal? _writable;
    private volatile Exception? _failure;
    private volatile bool _stopping;
    private volatile bool _disposed;
    private DisabledWal? _disabled;
    private long _freeBytes = -1;
    private double _replayProgress;

    public HostedLog(string key, IOptionsMonitor<LoraWalOptions> options, ILogger<HostedLog> logger)
    {
        _key = key;
        _options = options;
        _logger = logger;
    }

    /// <summary>The settings.</summary>
    /// <exception cref="OptionsValidationException">They are bad.</exception>
    public LoraWalOptions Options => _options.Get(_key);

    public string Name => TryOptions()?.Name ?? (_key.Length == 0 ? "default" : _key);

    public CancellationToken Poisoned => _poisoned.Token;

    /// <summary>The record types: also before the log is open, so that whoever reads it later can prepare.</summary>
    /// <exception cref="OptionsValidationException">The settings are bad.</exception>
    public WalRecordTypes RecordTypes => _opened?.Log.RecordTypes ?? Options.RecordTypes;

    public RecoveryReport? Recovery => _opened?.Recovery;

    /// <summary>Whether there is a log at all; true also when its settings are bad, which is told elsewhere.</summary>
    public bool IsEnabled => TryOptions()?.Enabled != false;

    /// <summary>The consumers that have been started.</summary>
    public ConcurrentQueue<ConsumerState> Consumers { get; } = new();

    /// <summary>The cursors of the open log, from memory; none before.</summary>
    public IReadOnlyList<WalCursorInfo> Cursors => _writable?.ListCursors() ?? [];

    /// <summary>Completes when the start is over: true if the log runs, false if the start failed.</summary>
    public Task<bool> Started => _started.Task;

    /// <summary>The open handle; null before.</summary>
    public IOpenedWal? Opened => _opened;

    /// <summary>The log's state machines; null before the start.</summary>
    public LogMachines? Machines { get; set; }

    /// <summary>What stands in for the log when it is switched off.</summary>
    public DisabledWal Disabled =>
        LazyInitializer.EnsureInitialized(ref _disabled, () => new DisabledWal(Name, Options.RecordTypes))!;

    /// <summary>Why the log did not start; null unless it did not.</summary>
    public Exception? Failure => _failure;

    /// <summary>Whether the host has begun to stop.</summary>
    public bool IsStopping => _stopping;

    /// <summary>How much of the log the replay targets have seen, from 0 to 1.</summary>
    public double ReplayProgress
    {
        get => Volatile.Read(ref _replayProgress);
        set => Volatile.Write(ref _replayProgress, value);
    }

    /// <summary>Free bytes of the volume when last sampled; null when not known.</summary>
    public long? FreeBytes
    {
        get => Volatile.Read(ref _freeBytes) is >= 0 and long bytes ? bytes : null;
        set => Volatile.Write(ref _freeBytes, value ?? -1);
    }

    public WalStatus Status
    {
        get
        {
            if (_writable is { } running)
            {
                return running.Status;
            }

            if (_failure is not null || _disposed)
            {
                return new WalStatus { State = WalState.Closed };
            }

            return _opened is { } opened
                ? opened.Log.Status with { State = WalState.Replaying }
                : new WalStatus { State = TryOptions()?.Enabled == false ? WalState.Disabled : WalState.Opening };
        }
    }

    /// <summary>The log, once it may be appended to.</summary>
    /// <exception cref="InvalidOperationException">It does not run yet, or did not start.</exception>
    /// <exception cref="ObjectDisposedException">The host is gone.</exception>
    public IWal ForWriting => _writable ?? Unopened("appended to or synced");

    /// <summary>The log, once it may be read: from replay on.</summary>
    /// <exception cref="InvalidOperationException">It is not open yet, or did not start.</exception>
    /// <exception cref="ObjectDisposedException">The host is gone.</exception>
    public IWal ForReading => _writable ?? (_failure is null && !_disposed ? _opened?.Log : null) ?? Unopened("read");

    /// <summary>Takes over the open handle. Replay may read it; nobody may write yet.</summary>
    public void TakeOver(IOpenedWal opened)
    {
        Debug.Assert(_opened is null, "A log is opened once.");
        _opened = opened;
        opened.Log.Poisoned.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _poisoned);
    }

    /// <summary>Lets writers in.</summary>
    public void Run()
    {
        Debug.Assert(_opened is not null, "Only an open log runs.");
        ReplayProgress = 1;
        _writable = _opened.Log;
        _started.TrySetResult(true);
    }

    /// <summary>Remembers why the log did not start: every later call throws it.</summary>
    public void Fail(Exception cause)
    {
        _failure = cause;
        _started.TrySetResult(false);
    }

    public void BeginStop() => _stopping = true;

    /// <summary>The last sync and the close. Throws what went wrong, unless the log was poisoned before.</summary>
    public async ValueTask CloseAsync()
    {
        if (_opened is not { } opened)
        {
            return;
        }

        bool wasPoisoned = opened.Log.Status.Fault is not null;
        try
        {
            await opened.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (wasPoisoned)
        {
            // The poison has been told already; a second report from the host's stop would only hide its exit code.
            HostLog.ClosedPoisoned(_logger, Name, e);
        }
        catch (Exception e)
        {
            HostLog.CloseFailed(_logger, Name, e);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        _disabled?.Dispose();
        try
        {
            if (_opened is { } opened)
            {
                await opened.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // WHY NOT throw: the container is disposed while the exception that ended the host is on its way out.
            HostLog.CloseFailed(_logger, Name, e);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _disabled?.Dispose();
        try
        {
            _opened?.Dispose();
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            HostLog.CloseFailed(_logger, Name, e);
        }
    }

    private DisabledWal Unopened(string use)
    {
        if (_failure is { } failure)
        {
            throw new InvalidOperationException($"The log '{Name}' did not start: {failure.Message}", failure);
        }

        ObjectDisposedException.ThrowIf(_disposed, typeof(IWal));
        if (!Options.Enabled)
        {
            // Switched off needs no host: a container alone is enough to append to nothing.
            return Disabled;
        }

        string state = _opened is null ? "is not open yet" : "is being replayed";
        throw new InvalidOperationException(
            $"The log '{Name}' {state}: it can be {use} from the time any service's StartAsync is called.");
    }

    private LoraWalOptions? TryOptions()
    {
        try
        {
            return Options;
        }
        catch (Exception e) when (e is OptionsValidationException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}
