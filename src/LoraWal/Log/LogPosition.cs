namespace LoraWal.Log;

/// <summary>A place in the log, between two frames.</summary>
/// <param name="SegmentId">The segment.</param>
/// <param name="Offset">Offset in its file: frames before it are within.</param>
/// <param name="Lsn">Last LSN before it.</param>
internal readonly record struct LogPosition(long SegmentId, long Offset, ulong Lsn)
{
    /// <summary>Whether nothing lies between an earlier place and this one.</summary>
    public bool IsAtOrBefore(LogPosition other) =>
        SegmentId < other.SegmentId || (SegmentId == other.SegmentId && Offset <= other.Offset);
}
