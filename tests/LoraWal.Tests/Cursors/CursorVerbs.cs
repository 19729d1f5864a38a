using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Cursors;

/// <summary>Verbs for tests of cursors in a simulated world.</summary>
internal static class CursorVerbs
{
    public static WalCursor OpenCursor(
        this TestLog log, Wal wal, string name = "c", WalCursorOptions? options = null) =>
        log.Finish(wal.OpenCursorAsync(name, options));

    /// <summary>Reads through a cursor up to a record, and gives the numbers of all records seen.</summary>
    public static List<int> ReadTo(this WalCursor cursor, int last)
    {
        List<int> seen = [];
        if (cursor.Position.Value >= (ulong)last)
        {
            return seen;
        }

        foreach (WalTransaction transaction in cursor.ReadAsync().ToBlockingEnumerable())
        {
            seen.AddRange(transaction.Select(record => (int)record.Lsn.Value));
            if (transaction.LastLsn.Value >= (ulong)last)
            {
                break;
            }
        }

        return seen;
    }

    public static void Acknowledge(this TestLog log, WalCursor cursor, int lsn) =>
        log.Finish(cursor.AcknowledgeAsync(new Lsn((ulong)lsn)));

    public static TruncateResult Truncate(this TestLog log, Wal wal, int fence) =>
        log.Finish(wal.TruncateAsync(new Lsn((ulong)fence)));

    public static IEnumerable<int> Range(int first, int last) => Enumerable.Range(first, last - first + 1);
}
