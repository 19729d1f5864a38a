namespace LoraWal;

/// <summary>What an application implements to rebuild its state from the log when the host starts.</summary>
/// <remarks>
/// The order is fixed: <see cref="LoadAsync"/> of every target, then the log opens, then <see cref="ApplyAsync"/> for
/// each transaction in LSN order, then the application's own services start. A target that throws stops the start.
/// </remarks>
/// <threadsafety>Called by one thread at a time.</threadsafety>
public interface IReplayTarget
{
    /// <summary>Restores what the target keeps outside the log, before the log is opened.</summary>
    /// <param name="cancellationToken">Cancelled when the start of the host is given up.</param>
    /// <returns>The LSN that the restored state covers; <see cref="Lsn.None"/> if it starts from nothing. New records
    /// get LSNs above it, so it must be one that was durable when it was stored.</returns>
    ValueTask<Lsn> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Applies one committed transaction.</summary>
    /// <param name="transaction">Whole; its last LSN is above what <see cref="LoadAsync"/> returned.</param>
    /// <param name="cancellationToken">Cancelled when the start of the host is given up.</param>
    ValueTask ApplyAsync(WalTransaction transaction, CancellationToken cancellationToken);
}
