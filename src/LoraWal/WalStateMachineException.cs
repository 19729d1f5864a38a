namespace LoraWal;

/// <summary>A state machine has failed on a record: its state is no longer the log's. The log itself stays
/// usable. Correct the machine, and start again: the record is still there.</summary>
public sealed class WalStateMachineException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="machine">The machine's name.</param>
    /// <param name="lsn">The record that could not be applied.</param>
    /// <param name="cause">Why.</param>
    public WalStateMachineException(string machine, Lsn lsn, Exception cause)
        : base($"The state machine '{machine}' failed at LSN {lsn}: {cause?.Message} Its state is no longer the log's: "
            + "correct the cause and start again.", cause)
    {
        Machine = machine;
        Lsn = lsn;
    }

    /// <summary>The machine's name.</summary>
    public string Machine { get; }

    /// <summary>The record that could not be applied. Everything before it is.</summary>
    public Lsn Lsn { get; }
}
