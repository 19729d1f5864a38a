namespace LoraWal.Extensions.Hosting;

/// <summary>The state machine that services get injected: there before its log is open, thin once it is.</summary>
internal sealed class HostedMachine<T>(HostedLog log, T machine, string name, Func<SnapshotOptions> options)
    : IWalStateMachineHost<T>, IHostedMachine
    where T : class, IWalStateMachine
{
    private volatile WalStateMachine<T>? _opened;
    private volatile MachineWithoutLog<T>? _withoutLog;

    public string Name => name;

    public WalStateMachineStatus Status => _opened?.Status ?? new WalStateMachineStatus { Name = name };

    WalStateMachineStatus? IHostedMachine.Status => _opened?.Status;

    private IWalStateMachineHost<T> Running
    {
        get
        {
            _ = log.ForWriting; // throws, with the reason, until the log runs
            return (IWalStateMachineHost<T>?)_opened ?? _withoutLog ?? throw new InvalidOperationException(
                $"The state machine '{name}' of the log '{log.Name}' is not started: it needs a host that is.");
        }
    }

    public async ValueTask OpenAsync(Wal wal, Action<double> progress, CancellationToken cancellationToken) =>
        _opened = await WalStateMachine.OpenStoppedAsync(wal, machine, options(), name, progress, cancellationToken)
            .ConfigureAwait(false);

    public void Start() => _opened?.Handle.Start();

    public void StartWithoutLog() => _withoutLog = new MachineWithoutLog<T>(machine, name);

    public async ValueTask StopAsync(CancellationToken cancellationToken)
    {
        if (_opened is { } opened)
        {
            await opened.Handle.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask<Lsn> ExecuteAsync(
        ReadOnlyMemory<byte> payload, ushort recordType = 0, CancellationToken cancellationToken = default) =>
        Running.ExecuteAsync(payload, recordType, cancellationToken);

    public ValueTask<Lsn> ExecuteAsync(WalBatch batch, CancellationToken cancellationToken = default) =>
        Running.ExecuteAsync(batch, cancellationToken);

    public ValueTask WaitForAppliedAsync(Lsn lsn, CancellationToken cancellationToken = default) =>
        Running.WaitForAppliedAsync(lsn, cancellationToken);

    public TResult Read<TResult>(Func<T, TResult> read) => Running.Read(read);

    public TResult Read<TArgument, TResult>(TArgument argument, Func<T, TArgument, TResult> read) =>
        Running.Read(argument, read);

    public ValueTask<Lsn> CheckpointAsync(CancellationToken cancellationToken = default) =>
        Running.CheckpointAsync(cancellationToken);
}
