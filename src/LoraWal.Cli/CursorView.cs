using System.Globalization;
using LoraWal.Cursors;
using LoraWal.Recovery;
using LoraWal.Storage;

namespace LoraWal.Cli;

/// <summary>A log with its cursors, looked at from outside.</summary>
internal sealed record CursorView(WalInspection Log, UInt128 LogId, IReadOnlyList<StoredCursor> Cursors)
{
    /// <summary>Where a cursor stands that has everything before it.</summary>
    public ulong Oldest => Math.Max(Log.OldestLsn.Value, 1) - 1;

    /// <summary>Where a cursor stands that has nothing before it: what the log itself promises to be durable.</summary>
    public ulong Newest => Math.Max(Log.DurableLsn.Value, Oldest);

    /// <summary>Looks at a directory.</summary>
    /// <exception cref="IOException">There is no log, or it cannot be read, or opening would refuse it.</exception>
    public static CursorView Of(IStorage storage)
    {
        const int Attempts = 3;
        for (int attempt = 1; ; attempt++)
        {
            // Beside its owner, the log may go on between the two looks, and a cursor with it.
            CursorView view = Look(storage);
            if (attempt == Attempts || !view.Cursors.Any(IsAhead))
            {
                return view;
            }
        }
    }

    /// <summary>The position that a word stands for; null if the log has no such place.</summary>
    public ulong? PositionOf(string to) => to switch
    {
        "oldest" => Oldest,
        "newest" => Newest,
        _ => ulong.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out ulong lsn)
            && lsn >= Oldest && lsn <= Newest ? lsn : null,
    };

    /// <summary>Bytes of the segments with records above a cursor; of the last one, all.</summary>
    public long LagBytes(StoredCursor cursor)
    {
        ulong position = cursor.File?.Position ?? 0;
        if (position >= Log.LastLsn.Value)
        {
            return 0;
        }

        // The last LSN of a segment is known by the next one.
        long bytes = 0;
        ulong last = Log.LastLsn.Value;
        for (int i = Log.Segments.Count - 1; i >= 0 && !Log.Segments[i].IsLeftover && last > position; i--)
        {
            bytes += Log.Segments[i].FileBytes;
            last = Log.Segments[i].FirstLsn.Value - 1;
        }

        return bytes;
    }

    private static bool IsAhead(StoredCursor cursor) => cursor.Problem?.Problem == WalCursorProblem.AheadOfLog;

    private static CursorView Look(IStorage storage)
    {
        WalInspection found = LogInspector.Inspect(storage);
        if (found.Segments.Count == 0)
        {
            throw ToolApp.NoLog(storage.DirectoryPath);
        }

        if (found.Problem is { } problem)
        {
            throw problem;
        }

        UInt128 id = UInt128.Parse(found.LogId!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        // Of an open log the cursors may be ahead of what the log has had occasion to promise.
        return new CursorView(found, id, new CursorStore(storage).ReadAll(id, found.LastLsn.Value));
    }
}
