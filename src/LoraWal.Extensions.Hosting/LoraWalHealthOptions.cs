using System.ComponentModel.DataAnnotations;

namespace LoraWal.Extensions.Hosting;

/// <summary>When the health check <c>lorawal-ready</c> complains.</summary>
public sealed class LoraWalHealthOptions
{
    /// <summary>Degraded when a record has waited longer than this for its sync. Not under
    /// <see cref="SyncMode.None"/>, where records are expected to wait.</summary>
    /// <value>Default: 2 s. Above zero.</value>
    public TimeSpan StallDegraded { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Unhealthy when a record has waited longer than this for its sync. Not under
    /// <see cref="SyncMode.None"/>.</summary>
    /// <value>Default: 10 s. At least <see cref="StallDegraded"/>.</value>
    public TimeSpan StallUnhealthy { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Degraded when the volume has less free bytes than this.</summary>
    /// <value>Default: 256 MiB. 0: never.</value>
    [Range(0L, long.MaxValue)]
    public long MinFreeBytesDegraded { get; set; } = 256L * 1024 * 1024;

    /// <summary>Unhealthy when the volume has less free bytes than this.</summary>
    /// <value>Default: 0, never: a log that can no longer write is full, and Unhealthy for that. At most
    /// <see cref="MinFreeBytesDegraded"/>, unless that is 0.</value>
    [Range(0L, long.MaxValue)]
    public long MinFreeBytesUnhealthy { get; set; }
}
