using LoraWal.Records;
using LoraWal.Segments;

namespace LoraWal.Log;

/// <summary>The plain values that the log needs of the options.</summary>
internal sealed record LogSettings
{
    public required string Name { get; init; }

    public required SyncMode SyncMode { get; init; }

    public required TimeSpan GroupSyncInterval { get; init; }

    public required long SegmentBytes { get; init; }

    public required long MaxTransactionBytes { get; init; }

    public required long MaxPendingBytes { get; init; }

    /// <summary>0: no limit.</summary>
    public required long MaxLogBytes { get; init; }

    /// <summary>Most bytes of a transaction that can fit below <see cref="MaxLogBytes"/> at all: in a segment of the
    /// usual size, or in one of its own beside an active one.</summary>
    public long MaxEntryBytes => MaxLogBytes == 0
        ? long.MaxValue
        : Math.Max(SegmentBytes, MaxLogBytes - SegmentBytes) - SegmentLayout.SizeForFrame(2 * FrameHeader.Bytes);

    /// <summary>The fence at open: records get LSNs above it.</summary>
    public required ulong OpenFence { get; init; }
}
