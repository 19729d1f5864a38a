using LoraWal.Diagnostics;
using LoraWal.Segments;

namespace LoraWal.Log;

/// <summary>What the parts of one open log share and never change.</summary>
/// <param name="Settings">The settings.</param>
/// <param name="Time">The clock.</param>
/// <param name="Work">Runs what no caller waits for.</param>
/// <param name="FillRandom">Fills a span with random bytes.</param>
/// <param name="Generation">How often the log has been opened.</param>
/// <param name="Diagnostics">Log messages and metrics.</param>
internal sealed record LogEnvironment(
    LogSettings Settings,
    TimeProvider Time,
    IWorkScheduler Work,
    Action<Memory<byte>> FillRandom,
    uint Generation,
    WalDiagnostics Diagnostics)
{
    /// <summary>The log's random id.</summary>
    public UInt128 LogId { get; init; }
}

/// <summary>Where a log begins: what recovery found.</summary>
/// <param name="Active">The segment to append to; everything in it is durable.</param>
/// <param name="Segments">All segments, oldest first, the active one last.</param>
/// <param name="Fence">The newest checkpoint fence.</param>
/// <param name="Floor">The newest floor.</param>
internal sealed record LogStart(SegmentWriter Active, IReadOnlyList<SegmentEntry> Segments, ulong Fence, ulong Floor);
