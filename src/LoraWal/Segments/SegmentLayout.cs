using LoraWal.Records;

namespace LoraWal.Segments;

/// <summary>How the bytes of a segment file are divided up.</summary>
//
//   0        4096                        size - 4096   size - 48    size
//   +--------+----------------------------+-------------+------------+
//   | header | records, markers           | markers     | the seal   |
//   +--------+----------------------------+-------------+------------+
//
// INVARIANT: a seal always fits, or a full segment could never be closed; a truncation marker fits a few times after
// everything else has been refused, or a full disk could never be freed by truncating.
internal static class SegmentLayout
{
    /// <summary>Bytes of the header's block; no frame shares its sectors.</summary>
    public const int HeaderBlockBytes = 4096;

    /// <summary>Records end this far before the end of the file.</summary>
    public const int MarkerReserveBytes = 4096;

    /// <summary>Markers end this far before the end of the file.</summary>
    public const int SealReserveBytes = 48;

    /// <summary>Kept for truncation markers alone.</summary>
    public const int TruncationReserveBytes = 16 * 56;

    /// <summary>File sizes are multiples of this.</summary>
    public const int BlockBytes = 4096;

    /// <summary>Size of a segment with this target.</summary>
    public static long SizeFor(long targetBytes) => (targetBytes + BlockBytes - 1) / BlockBytes * BlockBytes;

    /// <summary>Size of a segment that has room for one frame of this size.</summary>
    public static long SizeForFrame(long frameBytes) => SizeFor(HeaderBlockBytes + frameBytes + MarkerReserveBytes);

    /// <summary>Where records must end in a file of this size.</summary>
    public static long RecordEnd(long fileBytes) => fileBytes - MarkerReserveBytes;

    /// <summary>Where markers must end in a file of this size.</summary>
    public static long MarkerEnd(long fileBytes, MarkerReason reason) =>
        fileBytes - SealReserveBytes - (reason == MarkerReason.Truncation ? 0 : TruncationReserveBytes);
}
