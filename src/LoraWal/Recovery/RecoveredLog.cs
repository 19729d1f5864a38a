using LoraWal.Segments;

namespace LoraWal.Recovery;

/// <summary>What recovery hands over: where to append, and what is known.</summary>
internal sealed record RecoveredLog
{
    /// <summary>The segment to append to; everything in it is durable.</summary>
    public required SegmentWriter Active { get; init; }

    /// <summary>All segments of the log, oldest first, the active one last.</summary>
    public required IReadOnlyList<SegmentEntry> Segments { get; init; }

    /// <summary>How often the log has been opened, this time included.</summary>
    public required uint Generation { get; init; }

    /// <summary>The newest checkpoint fence.</summary>
    public required ulong Fence { get; init; }

    /// <summary>The newest floor.</summary>
    public required ulong Floor { get; init; }

    /// <summary>For the operator.</summary>
    public required RecoveryReport Report { get; init; }
}
