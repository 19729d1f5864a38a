namespace LoraWal;

/// <summary>An application's state, made from the records of a log: what <see cref="WalStateMachine.OpenAsync"/> brings
/// back after a restart and keeps up to date.</summary>
/// <remarks>
/// <see cref="Apply"/> must be deterministic: the same records in the same order give the same state, on every machine
/// and in every later version of the program. So it reads no clock, no random numbers, no settings and nothing from
/// outside; whatever it needs of those is in the record.
/// </remarks>
/// <threadsafety>Calls of <see cref="Apply"/>, <see cref="LoadAsync"/> and <see cref="PrepareSnapshot"/> never overlap,
/// and reads through the host never overlap with them. <see cref="SaveAsync"/> may run beside reads.</threadsafety>
public interface IWalStateMachine
{
    /// <summary>Applies one record: in LSN order, each once, the very same way on replay and live.</summary>
    /// <param name="record">The record. Its payload is valid during the call only: copy what is kept.</param>
    /// <remarks>An exception ends the life of the machine: its state would no longer be the log's. Refuse bad input
    /// before it is appended, not here.</remarks>
    void Apply(in WalRecord record);

    /// <summary>Writes the whole state to a snapshot. No record is applied meanwhile, appends go on; a machine that
    /// takes long offers <see cref="PrepareSnapshot"/>.</summary>
    /// <param name="snapshot">Takes the state, at the speed of the disk. Written to in order; it cannot seek.</param>
    /// <param name="cancellationToken">Cancelled when the snapshot is given up.</param>
    ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken);

    /// <summary>Replaces the whole state by that of a snapshot. Whatever the machine holds is dropped, also what an
    /// earlier call has loaded in part: when a damaged snapshot is met, an older one is loaded.</summary>
    /// <param name="snapshot">What was written when the snapshot was taken; every byte has been checked.</param>
    /// <param name="lsn">The state holds every record up to here, and none above.</param>
    /// <param name="cancellationToken">Cancelled when the start is given up.</param>
    ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken);

    /// <summary>Hands out a view of the state as it is now, from which the snapshot is written while further records
    /// are applied: an immutable collection, a copy, a copy-on-write version.</summary>
    /// <returns>The view, disposed of after use; null to have <see cref="SaveAsync"/> called instead.</returns>
    /// <remarks>Nothing is applied during the call: keep it short.</remarks>
    IWalSnapshotView? PrepareSnapshot() => null;
}

/// <summary>A state as it was at one moment, which applying further records does not change.</summary>
/// <threadsafety>Used by one thread at a time, beside the machine.</threadsafety>
public interface IWalSnapshotView : IDisposable
{
    /// <inheritdoc cref="IWalStateMachine.SaveAsync"/>
    ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken);
}
