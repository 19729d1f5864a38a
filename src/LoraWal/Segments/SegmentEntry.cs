namespace LoraWal.Segments;

/// <summary>What the log keeps in memory of one of its segments.</summary>
/// <param name="Id">The segment's id.</param>
/// <param name="PreviousLastLsn">Last LSN of its predecessor.</param>
/// <param name="BaseLsn">LSN of its first record.</param>
/// <param name="FileBytes">Size of its file.</param>
/// <param name="Created">When it was made, in Unix milliseconds: no record before it was written later.</param>
internal readonly record struct SegmentEntry(
    long Id, ulong PreviousLastLsn, ulong BaseLsn, long FileBytes, long Created)
{
    /// <summary>What a segment's header says of it.</summary>
    public SegmentEntry(SegmentHeader header)
        : this(header.SegmentId, header.PreviousLastLsn, header.BaseLsn, header.FileBytes, header.Created)
    {
    }
}
