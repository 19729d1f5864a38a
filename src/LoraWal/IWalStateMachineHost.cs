namespace LoraWal;

/// <summary>A state machine that follows its log: changes go in as records, reads see the result.</summary>
/// <typeparam name="T">The machine.</typeparam>
/// <remarks>The machine follows the log itself: records that others append to it are applied as well.</remarks>
/// <threadsafety>All members may be used by any number of threads at once, but not from within
/// <see cref="IWalStateMachine.Apply"/>.</threadsafety>
public interface IWalStateMachineHost<T>
    where T : class, IWalStateMachine
{
    /// <summary>The machine's name: that of its snapshots.</summary>
    string Name { get; }

    /// <summary>Where the machine stands. Costs nothing, does no I/O.</summary>
    WalStateMachineStatus Status { get; }

    /// <summary>Appends a record and applies it.</summary>
    /// <param name="payload">The record. May be reused once the task has completed.</param>
    /// <param name="recordType">The application's own number for the kind of record.</param>
    /// <param name="cancellationToken">Ends the wait, never the append.</param>
    /// <returns>The record's LSN, once it and everything before it is applied.</returns>
    /// <remarks><b>Durability.</b> As of <see cref="IWal.AppendAsync"/> with the log's default: durable under
    /// <see cref="SyncMode.PerCommit"/>, written under <see cref="SyncMode.GroupSync"/>. With
    /// <see cref="ApplyWhen.Durable"/> always durable.</remarks>
    /// <exception cref="WalStateMachineException">The machine has failed: before, and nothing was appended; or on this
    /// very record, which is in the log then.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned; see
    /// <see cref="WalPoisonedException.OutcomeUnknown"/>.</exception>
    /// <exception cref="WalFullException">There is no space; nothing was appended. A snapshot is begun, for the
    /// truncation behind it may make room.</exception>
    /// <exception cref="ObjectDisposedException">The log, or the machine, is closed.</exception>
    /// <exception cref="WalWaitCanceledException">Cancelled after the record got its LSN: it is applied.</exception>
    ValueTask<Lsn> ExecuteAsync(
        ReadOnlyMemory<byte> payload, ushort recordType = 0, CancellationToken cancellationToken = default);

    /// <summary>Appends the records of a batch as one transaction and applies them, with no read in between.</summary>
    /// <param name="batch">The records. May be reused once the task has completed.</param>
    /// <param name="cancellationToken">Ends the wait, never the append.</param>
    /// <returns>The last record's LSN; <see cref="Lsn.None"/> for an empty batch, which appends nothing.</returns>
    /// <inheritdoc cref="ExecuteAsync(ReadOnlyMemory{byte}, ushort, CancellationToken)"/>
    ValueTask<Lsn> ExecuteAsync(WalBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Waits until everything up to an LSN is applied.</summary>
    /// <param name="lsn">One that the log has given out.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="WalStateMachineException">The machine has failed at or below it.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned, and the record may not be durable.</exception>
    /// <exception cref="ObjectDisposedException">The log, or the machine, is closed.</exception>
    ValueTask WaitForAppliedAsync(Lsn lsn, CancellationToken cancellationToken = default);

    /// <summary>Looks at the state while nothing is applied. Keep it short, and keep nothing of it.</summary>
    /// <typeparam name="TResult">What the look gives.</typeparam>
    /// <param name="read">Looks; changes nothing, awaits nothing.</param>
    /// <exception cref="WalStateMachineException">The machine has failed: its state is not the log's.</exception>
    TResult Read<TResult>(Func<T, TResult> read);

    /// <summary>Looks at the state while nothing is applied, without a closure.</summary>
    /// <typeparam name="TArgument">What is handed on to the look.</typeparam>
    /// <typeparam name="TResult">What the look gives.</typeparam>
    /// <param name="argument">Handed on.</param>
    /// <param name="read">Looks; changes nothing, awaits nothing.</param>
    /// <exception cref="WalStateMachineException">The machine has failed: its state is not the log's.</exception>
    TResult Read<TArgument, TResult>(TArgument argument, Func<T, TArgument, TResult> read);

    /// <summary>Takes a snapshot now, writes the checkpoint marker, and truncates the log behind the oldest snapshot
    /// kept.</summary>
    /// <param name="cancellationToken">Gives the snapshot up.</param>
    /// <returns>The LSN that the newest snapshot covers; <see cref="Lsn.None"/> if nothing was ever applied, and no
    /// snapshot taken.</returns>
    /// <remarks><b>Durability.</b> When the task completes, the snapshot is durable, and so is every record it
    /// covers.</remarks>
    /// <exception cref="WalStateMachineException">The machine has failed.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned: what may be lost is not saved.</exception>
    /// <exception cref="ObjectDisposedException">The log, or the machine, is closed.</exception>
    /// <exception cref="IOException">The snapshot could not be written. The log is unharmed, nothing was truncated;
    /// the next trigger tries again.</exception>
    ValueTask<Lsn> CheckpointAsync(CancellationToken cancellationToken = default);
}
