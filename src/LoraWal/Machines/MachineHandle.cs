using System.Runtime.CompilerServices;
using LoraWal.Log;

namespace LoraWal.Machines;

/// <summary>One machine that has been brought back: executes, takes snapshots when they are due, stops.</summary>
internal sealed class MachineHandle
{
    private readonly Wal _wal;
    private readonly LogCore _core;
    private readonly SnapshotOptions _options;
    private readonly MachineRunner _runner;
    private readonly SnapshotTaker _taker;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _stopLock = new();
    private ITimer? _timer;
    private Task? _stopped;
    private int _requested;
    private ulong _fullAt = ulong.MaxValue;
    private volatile bool _isStopped;

    public MachineHandle(Wal wal, string name, SnapshotOptions options, MachineRunner runner, SnapshotTaker taker)
    {
        _wal = wal;
        _core = wal.Parts.Core;
        _options = options;
        _runner = runner;
        _taker = taker;
        Name = name;
    }

    public string Name { get; }

    public MachineRunner Runner => _runner;

    public WalStateMachineStatus Status => new()
    {
        Name = Name,
        AppliedLsn = new Lsn(_runner.Waiters.Applied),
        SnapshotLsn = new Lsn(_taker.Newest),
        SnapshotFailures = _taker.Failures,
        SnapshotFailure = _taker.Failure,
        Fault = _runner.Fault,
    };

    /// <summary>Lets another machine have the name.</summary>
    public static void GiveName(LogCore core, string name)
    {
        lock (core.MachineNames)
        {
            core.MachineNames.Remove(name);
        }
    }

    /// <summary>Follows the log from now on, and takes snapshots when they are due.</summary>
    public void Start()
    {
        _runner.Schedule.Due = RequestSnapshot;
        if (_options.Interval > TimeSpan.Zero)
        {
            // Weak, or the timer would keep an abandoned machine and its log alive.
            _timer = _core.Environment.Time.CreateTimer(
                static state =>
                {
                    if (((WeakReference<MachineHandle>)state!).TryGetTarget(out MachineHandle? handle))
                    {
                        handle.RequestSnapshot();
                    }
                },
                new WeakReference<MachineHandle>(this),
                _options.Interval,
                _options.Interval);
        }

        _runner.Follow();
    }

    public ValueTask<Lsn> ExecuteAsync(
        ReadOnlyMemory<byte> payload, ushort recordType, CancellationToken cancellationToken) =>
        WhyNot() is { } refused
            ? ValueTask.FromException<Lsn>(refused)
            : FinishAsync(
                _wal.AppendAsync(payload, recordType, AppendDurability.Default, cancellationToken), cancellationToken);

    public ValueTask<Lsn> ExecuteAsync(WalBatch batch, CancellationToken cancellationToken) =>
        WhyNot() is { } refused
            ? ValueTask.FromException<Lsn>(refused)
            : FinishAsync(_wal.CommitAsync(batch, AppendDurability.Default, cancellationToken), cancellationToken);

    public ValueTask WaitForAppliedAsync(Lsn lsn, CancellationToken cancellationToken) =>
        _runner.TryCatchUp(lsn.Value) ? default : _runner.Waiters.WaitAsync(lsn.Value, cancellationToken);

    public async ValueTask<Lsn> CheckpointAsync(CancellationToken cancellationToken) =>
        await _taker.TakeAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Takes the last snapshot, if the options want one and the token allows, and stops following. The log is
    /// still open.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_stopLock)
        {
            return _stopped ??= StopOnceAsync(cancellationToken);
        }
    }

    // What is refused here is not in the log; what is cancelled or fails below may be.
    private Exception? WhyNot() =>
        _runner.Fault is { } fault ? MachineRunner.Again(fault)
        : _isStopped ? new ObjectDisposedException(Name, $"The state machine '{Name}' has been stopped.")
        : null;

    // Under PerCommit the record is applied while its sync runs: mostly there is nothing left to wait for.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Lsn> FinishAsync(ValueTask<Lsn> append, CancellationToken cancellationToken)
    {
        Lsn lsn;
        try
        {
            lsn = await append.ConfigureAwait(false);
        }
        catch (WalFullException)
        {
            MakeRoom();
            throw;
        }

        try
        {
            if (_options.ApplyWhen == ApplyWhen.Durable)
            {
                await _wal.Parts.Control.WaitForOwnAsync(lsn.Value, cancellationToken).ConfigureAwait(false);
            }

            if (!_runner.TryCatchUp(lsn.Value))
            {
                await _runner.Waiters.WaitAsync(lsn.Value, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException canceled) when (canceled is not WalWaitCanceledException)
        {
            throw new WalWaitCanceledException(lsn, cancellationToken); // the record has its LSN: it is in the log
        }

        return lsn;
    }

    // The log may be full of what a snapshot makes superfluous. Once for each state: another try would change nothing.
    private void MakeRoom()
    {
        ulong applied = _runner.Waiters.Applied;
        if (Interlocked.Exchange(ref _fullAt, applied) != applied)
        {
            RequestSnapshot();
        }
    }

    private void RequestSnapshot()
    {
        if (Interlocked.Exchange(ref _requested, 1) == 0)
        {
            _core.Environment.Work.Run("lorawal-snapshot", () => _ = TakeQuietlyAsync());
        }
    }

    private async Task TakeQuietlyAsync()
    {
        try
        {
            await _taker.TakeAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It has been reported, and the status tells it: the next trigger tries again.
        }
        finally
        {
            Volatile.Write(ref _requested, 0);
        }

        if (_runner.Schedule.IsDue && _runner.Fault is null && !_stopping.IsCancellationRequested)
        {
            RequestSnapshot(); // it became due again meanwhile, and nobody may come to say so
        }
    }

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        _runner.Schedule.Due = null;
        if (_timer is { } timer)
        {
            await timer.DisposeAsync().ConfigureAwait(false);
        }

        _isStopped = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_options.OnShutdown && _runner.Fault is null)
        {
            _runner.CatchUp();
            try
            {
                await _taker.TakeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // As above. The next start replays a little more.
            }
        }

        await _taker.EndAsync().ConfigureAwait(false);
        _runner.Dispose();
        GiveName(_core, Name);
    }
}
