using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>Reads committed transactions in order, beside the writer, through files of its own.</summary>
/// <remarks>
/// The writer publishes two edges, written and durable. A reader never interprets, nor keeps from a read, a byte at or
/// past its edge; so below it an invalid frame is damage, and never the end.
/// </remarks>
internal sealed class LogReader(LogCore core, IStorage storage)
{
    /// <summary>Reads as the options say. Payloads are safe to keep.</summary>
    public IAsyncEnumerable<WalTransaction> ReadAsync(WalReadOptions options, CancellationToken cancellationToken) =>
        new LogRead(core, () => Begin(options, isReused: false), cancellationToken);

    /// <summary>Begins to follow the log, for one consumer, without an allocation per record, frame or
    /// wait.</summary>
    /// <remarks>A payload is valid until the next transaction is asked for.</remarks>
    /// <exception cref="WalTruncatedException">Records that were asked for have been truncated away.</exception>
    public LogFollower Follow(WalReadOptions options) =>
        new(core, () => Begin(options with { Follow = true }, isReused: true));

    /// <summary>How far a reader with these options may look.</summary>
    public static LogPosition EdgeOf(
        (LogPosition Written, LogPosition Durable, WalFault? Fault, bool IsClosed) edges, WalReadOptions options) =>
        options.IncludeNotDurable && edges.Fault is null ? edges.Written : edges.Durable;

    private LogPass Begin(WalReadOptions options, bool isReused)
    {
        LogPosition end = EdgeOf(core.Edges(), options);
        return new LogPass(core, options, end, OpenCursor(options.After, new ReadBuffer(isReused)));
    }

    /// <summary>Opens the segment that holds the record after an LSN.</summary>
    /// <exception cref="WalTruncatedException">Truncation has taken that record.</exception>
    public SegmentCursor OpenCursor(Lsn? after, ReadBuffer buffer)
    {
        SegmentEntry entry;
        SegmentCatalog.Summary now;
        lock (core.State.Gate)
        {
            now = core.Catalog.Now;
            entry = core.Catalog.FindUnderLock(after?.Value ?? 0);
        }

        if (after is { } asked && asked.Value < now.BeforeOldestLsn)
        {
            throw new WalTruncatedException(asked, new Lsn(now.OldestLsn));
        }

        return new SegmentCursor(
            storage, () => (core.Catalog.Now.OldestId, core.Catalog.Now.OldestLsn), entry, buffer);
    }
}
