namespace LoraWal.Extensions.Hosting;

/// <summary>All settings of a consumer that a host runs.</summary>
/// <remarks>Bound from the section <c>LoraWal:Consumers:{name}</c>, of a keyed log
/// <c>LoraWal:Logs:{key}:Consumers:{name}</c>. Read once, when the host starts.</remarks>
public sealed class WalConsumerOptions
{
    /// <summary>A batch ends with the transaction that brings it to this many records.</summary>
    /// <value>Default: 1000. From 1 to 1048576.</value>
    public int MaxRecords { get; set; } = 1000;

    /// <summary>A batch ends with the transaction that brings it to this many payload bytes.</summary>
    /// <value>Default: 1 MiB. From 1 to 1 GiB.</value>
    public long MaxBytes { get; set; } = 1024 * 1024;

    /// <summary>How long a batch that is not full waits for more, from its first transaction on.</summary>
    /// <value>Default: 20 ms. From 0, which takes what is there, to 1 min.</value>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Where a consumer that is new begins.</summary>
    /// <value>Default: <see cref="WalCursorStart.Oldest"/>.</value>
    public WalCursorStart StartAt { get; set; }

    /// <summary>What to do when the file of its position is damaged, of another log, or ahead of the log.</summary>
    /// <value>Default: <see cref="WalCursorRepair.Refuse"/>, which stops the host's start.</value>
    public WalCursorRepair OnDamaged { get; set; }

    /// <summary>When it keeps more bytes of segments than this from truncation, it is reported: log event 604, and
    /// <c>lorawal-ready</c> is Degraded.</summary>
    /// <value>Default: 0, never. Not negative.</value>
    public long MaxLagBytes { get; set; }

    /// <summary>How often a batch that failed is handed over again before the consumer gives up.</summary>
    /// <value>Default: 10. From 0 to 1000000.</value>
    public int MaxRetryAttempts { get; set; } = 10;

    /// <summary>The delay that the back-off starts from.</summary>
    /// <value>Default: 200 ms. From 1 ms to 1 min.</value>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest delay between two attempts.</summary>
    /// <value>Default: 30 s. From <see cref="BaseDelay"/> to 1 h.</value>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The key of the log that takes what the consumer gives up: the one of <c>AddKeyedLoraWal</c>.</summary>
    /// <value>Default: null. The consumer then stops at what it cannot handle, <c>lorawal-ready</c> is Degraded, and
    /// the next start tries again.</value>
    public string? DeadLetter { get; set; }
}
