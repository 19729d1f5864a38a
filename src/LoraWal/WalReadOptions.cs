namespace LoraWal;

/// <summary>Which transactions <see cref="IWal.ReadAsync"/> yields.</summary>
/// <remarks>A transaction is yielded when its last LSN is above <see cref="After"/> and at or below
/// <see cref="UpTo"/>.</remarks>
public readonly record struct WalReadOptions
{
    /// <summary>Creates the options.</summary>
    /// <param name="After">See <see cref="After"/>.</param>
    /// <param name="UpTo">See <see cref="UpTo"/>.</param>
    /// <param name="Follow">See <see cref="Follow"/>.</param>
    /// <param name="IncludeNotDurable">See <see cref="IncludeNotDurable"/>.</param>
    public WalReadOptions(Lsn? After = null, Lsn? UpTo = null, bool Follow = false, bool IncludeNotDurable = false)
    {
        this.After = After;
        this.UpTo = UpTo;
        this.Follow = Follow;
        this.IncludeNotDurable = IncludeNotDurable;
    }

    /// <summary>Transactions above this LSN.</summary>
    /// <value>Default: null, which begins with the oldest record there is.</value>
    public Lsn? After { get; init; }

    /// <summary>Transactions at or below this LSN.</summary>
    /// <value>Default: null, which sets no limit.</value>
    public Lsn? UpTo { get; init; }

    /// <summary>Whether to wait for more at the end instead of ending. Such a reader ends when the log closes, or at
    /// <see cref="UpTo"/>.</summary>
    /// <value>Default: false, which ends at what is there when the enumeration begins.</value>
    public bool Follow { get; init; }

    /// <summary>Whether to yield what is written but not yet durable: a power cut may take it back.</summary>
    /// <value>Default: false.</value>
    public bool IncludeNotDurable { get; init; }
}
