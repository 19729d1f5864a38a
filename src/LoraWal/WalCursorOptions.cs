namespace LoraWal;

/// <summary>Where a cursor that does not exist yet begins.</summary>
public enum WalCursorStart
{
    /// <summary>With the oldest record that the log has.</summary>
    Oldest = 0,

    /// <summary>With the first record that becomes durable after the cursor was made.</summary>
    Newest = 1,
}

/// <summary>What to do with a cursor whose file is damaged, of another log, or ahead of the log.</summary>
public enum WalCursorRepair
{
    /// <summary>Refuse to open it, with <see cref="WalCursorException"/>.</summary>
    Refuse = 0,

    /// <summary>Begin again with the oldest record: much is seen twice, nothing is missed that is still
    /// there.</summary>
    ResetToOldest = 1,

    /// <summary>Go on with the newest record: what was not acknowledged is missed.</summary>
    ResetToNewest = 2,
}

/// <summary>How a cursor is opened.</summary>
public sealed class WalCursorOptions
{
    /// <summary>Where a cursor that does not exist yet begins.</summary>
    /// <value>Default: <see cref="WalCursorStart.Oldest"/>.</value>
    public WalCursorStart StartAt { get; set; }

    /// <summary>What to do with a cursor whose file is damaged, of another log, or ahead of the log.</summary>
    /// <value>Default: <see cref="WalCursorRepair.Refuse"/>.</value>
    public WalCursorRepair OnDamaged { get; set; }

    /// <summary>A cursor that keeps more bytes of segments than this from truncation is reported: log event 604, and
    /// Degraded in health checks. Kept with the cursor, so that one that nobody opens any more is reported,
    /// too.</summary>
    /// <value>Default: 0, never. Not negative.</value>
    public long MaxLagBytes { get; set; }

    internal void ThrowIfInvalid()
    {
        if (!Enum.IsDefined(StartAt))
        {
            throw new ArgumentException($"{nameof(StartAt)} is '{StartAt}'; it must be Oldest or Newest.");
        }

        if (!Enum.IsDefined(OnDamaged))
        {
            throw new ArgumentException(
                $"{nameof(OnDamaged)} is '{OnDamaged}'; it must be Refuse, ResetToOldest or ResetToNewest.");
        }

        if (MaxLagBytes < 0)
        {
            throw new ArgumentException($"{nameof(MaxLagBytes)} is {MaxLagBytes}; it must be 0 (never) or more.");
        }
    }
}
