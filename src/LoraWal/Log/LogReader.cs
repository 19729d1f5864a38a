using System.Runtime.CompilerServices;
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
    /// <summary>Reads as the options say.</summary>
    public async IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var split = new TransactionSplitter(options.After?.Value ?? 0, options.UpTo?.Value ?? ulong.MaxValue);
        LogPosition end = EdgeOf(core.Edges(), options);
        using SegmentCursor cursor = Begin(options.After);
        while (true)
        {
            Task moved = options.Follow ? core.MovedAsync() : Task.CompletedTask;
            (LogPosition Written, LogPosition Durable, WalFault? Fault, bool IsClosed) edges = core.Edges();
            LogPosition edge = EdgeOf(edges, options);
            if (!options.Follow)
            {
                edge = edge.IsAtOrBefore(end) ? edge : end;
            }

            while (cursor.MoveNext(edge))
            {
                cancellationToken.ThrowIfCancellationRequested();
                split.Begin(cursor.Frames, cursor.Created);
                while (split.TryNext(out WalTransaction transaction))
                {
                    yield return transaction;
                }

                if (split.IsPastEnd)
                {
                    yield break;
                }
            }

            if (!options.Follow || split.IsAtEnd(Math.Max(cursor.NextLsn, core.Environment.Settings.OpenFence + 1)))
            {
                yield break;
            }

            if (edges.Fault is { } fault)
            {
                throw new WalPoisonedException(fault, outcomeUnknown: false);
            }

            if (edges.IsClosed)
            {
                yield break;
            }

            await moved.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static LogPosition EdgeOf(
        (LogPosition Written, LogPosition Durable, WalFault? Fault, bool IsClosed) edges, WalReadOptions options) =>
        options.IncludeNotDurable && edges.Fault is null ? edges.Written : edges.Durable;

    /// <summary>Opens the segment that holds the record after an LSN.</summary>
    /// <exception cref="WalTruncatedException">Truncation has taken that record.</exception>
    public SegmentCursor Begin(Lsn? after)
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
            storage, () => (core.Catalog.Now.OldestId, core.Catalog.Now.OldestLsn), entry);
    }
}
