namespace LoraWal.Log;

/// <summary>What retention knows of a sealed segment.</summary>
/// <param name="LastLsn">LSN of its last record.</param>
/// <param name="Records">Number of its records; exact.</param>
/// <param name="Bytes">Size of its file; exact.</param>
/// <param name="NewestAtMost">No record of it is younger, by the writer's clock; a bound.</param>
internal readonly record struct RetainedSegment(
    ulong LastLsn, long Records, long Bytes, DateTimeOffset NewestAtMost);

/// <summary>A log as retention sees it.</summary>
/// <param name="Sealed">The sealed segments, oldest first.</param>
/// <param name="ActiveRecords">Records in the active segment.</param>
/// <param name="ActiveBytes">Size of the active segment's file.</param>
internal sealed record RetainedLog(IReadOnlyList<RetainedSegment> Sealed, long ActiveRecords, long ActiveBytes);

/// <summary>Decides how much of a log may go.</summary>
internal static class RetentionRule
{
    /// <summary>The fence to truncate at; 0 if everything stays.</summary>
    /// <param name="log">The log.</param>
    /// <param name="limits">What is kept.</param>
    /// <param name="now">The writer's clock.</param>
    //
    // From the oldest segment on, one goes while the log with it is over a limit:
    //
    //   limit        over it when
    //   ----------   ------------------------------------------------------------------
    //   MaxRecords   this segment and all behind it hold more records
    //   MaxBytes     this segment and all behind it take more bytes
    //   MaxAge       its newest record is older, even if it is as young as it can be
    //
    // The first that stays ends it: a log has no holes.
    public static ulong FenceOf(RetainedLog log, WalRetentionOptions limits, DateTimeOffset now)
    {
        long records = log.ActiveRecords;
        long bytes = log.ActiveBytes;
        foreach (RetainedSegment segment in log.Sealed)
        {
            records += segment.Records;
            bytes += segment.Bytes;
        }

        ulong fence = 0;
        foreach (RetainedSegment segment in log.Sealed)
        {
            bool isOver = (limits.MaxRecords > 0 && records > limits.MaxRecords)
                || (limits.MaxBytes > 0 && bytes > limits.MaxBytes)
                || (limits.MaxAge > TimeSpan.Zero && now - segment.NewestAtMost > limits.MaxAge);
            if (!isOver)
            {
                break;
            }

            fence = segment.LastLsn;
            records -= segment.Records;
            bytes -= segment.Bytes;
        }

        return fence;
    }
}
