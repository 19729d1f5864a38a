namespace LoraWal.Extensions.Hosting;

/// <summary>The state machine of a log that is switched off: its state lives as long as the process.</summary>
internal sealed class MachineWithoutLog<T>(T machine, string name) : IWalStateMachineHost<T>
    where T : class, IWalStateMachine
{
    private readonly Lock _gate = new();

    public string Name => name;

    public WalStateMachineStatus Status => new() { Name = name };

    public ValueTask<Lsn> ExecuteAsync(
        ReadOnlyMemory<byte> payload, ushort recordType = 0, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            machine.Apply(new WalRecord(Lsn.None, recordType, payload));
        }

        return new ValueTask<Lsn>(Lsn.None);
    }

    public ValueTask<Lsn> ExecuteAsync(WalBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var records = new WalTransaction(Lsn.None, DateTimeOffset.UnixEpoch, batch.Count, batch.SealEntries());
            foreach (WalRecord record in records)
            {
                machine.Apply(new WalRecord(Lsn.None, record.RecordType, record.Payload));
            }
        }

        return new ValueTask<Lsn>(Lsn.None);
    }

    public ValueTask WaitForAppliedAsync(Lsn lsn, CancellationToken cancellationToken = default) => default;

    public TResult Read<TResult>(Func<T, TResult> read)
    {
        lock (_gate)
        {
            return read(machine);
        }
    }

    public TResult Read<TArgument, TResult>(TArgument argument, Func<T, TArgument, TResult> read)
    {
        lock (_gate)
        {
            return read(machine, argument);
        }
    }

    public ValueTask<Lsn> CheckpointAsync(CancellationToken cancellationToken = default) => new(Lsn.None);
}
