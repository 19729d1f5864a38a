namespace LoraWal;

/// <summary>An earlier write or sync failed: the log takes no more writes. Open it again to go on.</summary>
public sealed class WalPoisonedException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The first failure.</param>
    /// <param name="outcomeUnknown">See <see cref="OutcomeUnknown"/>.</param>
    public WalPoisonedException(WalFault fault, bool outcomeUnknown)
        : base(Describe(fault, outcomeUnknown), fault?.Exception)
    {
        Fault = fault!;
        OutcomeUnknown = outcomeUnknown;
    }

    /// <summary>The first failure, kept verbatim.</summary>
    public WalFault Fault { get; }

    /// <summary>
    /// False: what this call would have appended is not in the log and never will be. True: it had been handed to a
    /// write, and only the next open tells whether it is there.
    /// </summary>
    public bool OutcomeUnknown { get; }

    private static string Describe(WalFault fault, bool outcomeUnknown)
    {
        ArgumentNullException.ThrowIfNull(fault);
        string outcome = outcomeUnknown
            ? "Whether this call's records are in the log is known after the next open."
            : "Nothing of this call was written.";
        return $"The log is poisoned: {fault.Reason.TrimEnd('.')}. {outcome} Close the log and open it again.";
    }
}
