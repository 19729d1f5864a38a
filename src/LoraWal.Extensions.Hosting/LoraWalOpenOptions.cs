using System.ComponentModel.DataAnnotations;

namespace LoraWal.Extensions.Hosting;

/// <summary>How opening a log is tried again while its lock is held by a previous owner, or its volume is not there
/// yet.</summary>
/// <remarks>Exponential back-off with jitter. Damage, a foreign directory and bad settings fail at once. The limits
/// belong to the resilience pipeline <c>lorawal-open</c>; a host that replaces the pipeline sets its own.</remarks>
public sealed class LoraWalOpenOptions
{
    /// <summary>Most attempts after the first one.</summary>
    /// <value>Default: 20. From 0, which tries once, to 1000.</value>
    [Range(0, 1000)]
    public int MaxRetryAttempts { get; set; } = 20;

    /// <summary>The delay that the back-off starts from.</summary>
    /// <value>Default: 200 ms. From 1 ms to 1 min.</value>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest delay between two attempts.</summary>
    /// <value>Default: 5 s. From <see cref="BaseDelay"/> to 10 min.</value>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A failure after this long is not tried again; it stops the host. An attempt under way is never cut
    /// short: recovery takes what it takes.</summary>
    /// <value>Default: 30 s, the grace period of a pod that hands over. From 0 to 1 d.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);
}
