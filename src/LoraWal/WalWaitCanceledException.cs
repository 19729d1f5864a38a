namespace LoraWal;

/// <summary>A wait was cancelled after the record had its LSN: the write goes on, and its outcome is open.</summary>
public sealed class WalWaitCanceledException : OperationCanceledException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="lsn">The LSN that the record, or the last one of the transaction, was given.</param>
    /// <param name="cancellationToken">The token that ended the wait.</param>
    public WalWaitCanceledException(Lsn lsn, CancellationToken cancellationToken)
        : base(
            $"The wait for LSN {lsn} was cancelled. The write goes on: its outcome is unknown.", cancellationToken) =>
        Lsn = lsn;

    /// <summary>The LSN that was waited for.</summary>
    public Lsn Lsn { get; }

    /// <summary>Always true: the record may or may not be in the log.</summary>
    public bool OutcomeUnknown { get; } = true;
}
