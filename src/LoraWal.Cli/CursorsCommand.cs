using System.Globalization;
using System.Text.Json;
using LoraWal.Cursors;
using LoraWal.Segments;
using LoraWal.Storage;
using Spectre.Console;

namespace LoraWal.Cli;

/// <summary>What to do to one cursor, and what has been said about it.</summary>
/// <param name="Name">The cursor.</param>
/// <param name="To">oldest, newest or an LSN; null: drop it.</param>
/// <param name="Yes">Whether to do it.</param>
/// <param name="AllowUnsafeFileSystem">Whether to go on without dependable locks.</param>
internal sealed record CursorRequest(string Name, string? To, bool Yes, bool AllowUnsafeFileSystem);

/// <summary><c>lorawal cursors</c>: who has read how far, and what an operator does about one that does not
/// go on.</summary>
internal static class CursorsCommand
{
    /// <summary>Lists all cursors. Takes no lock and changes nothing.</summary>
    public static int List(WalEnvironment environment, Output output)
    {
        CursorView view = CursorView.Of(environment.Storage);
        int code = view.Cursors.All(cursor => cursor.Problem is null) ? ExitCode.Ok : ExitCode.Corrupt;
        if (output.IsJson)
        {
            output.WriteJson(code, json => Write(json, view));
        }
        else
        {
            Print(output, view);
        }

        foreach (StoredCursor cursor in view.Cursors.Where(cursor => cursor.Problem is not null))
        {
            output.Warn(cursor.Problem!.Message);
        }

        return code;
    }

    /// <summary>Drops or resets a cursor of a log that is not open.</summary>
    public static int Change(WalEnvironment environment, Output output, CursorRequest request)
    {
        IStorage storage = environment.Storage;
        CursorView view = CursorView.Of(storage); // before the lock, which would be made: not in a wrong directory
        if (request.Yes)
        {
            storage.Lock(
                new OwnerRecord(
                    System.Environment.ProcessId, System.Environment.MachineName, environment.Time.GetUtcNow()),
                request.AllowUnsafeFileSystem);
            view = CursorView.Of(storage); // its owner may have gone on meanwhile
        }

        StoredCursor? cursor = view.Cursors.FirstOrDefault(found => found.Name == request.Name);
        if (cursor is null)
        {
            return Refuse(output, $"There is no cursor '{request.Name}' in '{storage.DirectoryPath}'.");
        }

        ulong? position = null;
        if (request.To is { } to)
        {
            position = view.PositionOf(to);
            if (position is null)
            {
                return Refuse(
                    output,
                    $"'{to}' is no place in this log: say oldest (LSN {view.Oldest}), newest (LSN {view.Newest}), or "
                    + "an LSN from the one to the other, up to which all is done with.");
            }
        }

        string from = cursor.File is { } file ? $"at LSN {file.Position}" : "in a file that cannot be trusted";
        string what = position is { } lsn
            ? $"reset cursor '{cursor.Name}', {from}, to LSN {lsn}"
            : $"drop cursor '{cursor.Name}', {from}";
        if (!request.Yes)
        {
            return Refuse(output, $"This would {what}. Nothing was changed.", "To do it, say the same with --yes.");
        }

        Apply(storage, view, cursor, position, environment.Time.GetUtcNow());
        Report(output, cursor.Name, position, $"done: {what}");
        return ExitCode.Ok;
    }

    private static void Apply(
        IStorage storage, CursorView view, StoredCursor cursor, ulong? position, DateTimeOffset now)
    {
        var store = new CursorStore(storage);
        if (position is { } lsn)
        {
            store.Replace(new CursorFile
            {
                Generation = (uint)view.Log.Generation,
                LogId = view.LogId,
                Sequence = (cursor.File?.Sequence ?? 0) + 1,
                Position = lsn,
                Updated = now.ToUnixTimeMilliseconds(),
                MaxLagBytes = cursor.File?.MaxLagBytes ?? 0,
                Name = cursor.Name,
            });
        }
        else
        {
            store.Delete(cursor.Name);
        }

        store.SyncDirectory();
    }

    private static int Refuse(Output output, string message, string? advice = null)
    {
        output.Fail(ExitCode.Refused, new WalException(message), advice);
        return ExitCode.Refused;
    }

    private static void Report(Output output, string name, ulong? position, string outcome)
    {
        if (!output.IsJson)
        {
            output.Say(outcome);
            return;
        }

        output.WriteJson(ExitCode.Ok, json =>
        {
            json.WriteString("outcome", outcome);
            json.WriteString("cursor", name);
            JsonText.WriteLsn(json, "lsn", position is { } lsn ? new Lsn(lsn) : null);
        });
    }

    private static void Print(Output output, CursorView view)
    {
        output.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"records     LSN {view.Log.OldestLsn} to {view.Log.LastLsn}; durable up to LSN {view.Newest}"));
        if (view.Cursors.Count == 0)
        {
            output.Say("no cursors");
            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in new[] { "cursor", "LSN", "lag bytes", "limit", "updated", "" })
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        foreach (StoredCursor cursor in view.Cursors)
        {
            long lag = view.LagBytes(cursor);
            table.AddRow(
                cursor.Name,
                cursor.File?.Position.ToString(CultureInfo.InvariantCulture) ?? "?",
                lag.ToString("N0", CultureInfo.InvariantCulture),
                cursor.File is { MaxLagBytes: > 0 and var limit }
                    ? limit.ToString("N0", CultureInfo.InvariantCulture)
                    : "",
                UpdatedOf(cursor)?.ToString("u", CultureInfo.InvariantCulture) ?? "?",
                cursor.Problem is not null ? "holds back all truncation" : "");
        }

        output.Console.Write(table);
    }

    private static void Write(Utf8JsonWriter json, CursorView view)
    {
        json.WriteString("directory", view.Log.Directory);
        JsonText.WriteLsn(json, "oldestLsn", view.Log.OldestLsn);
        JsonText.WriteLsn(json, "durableLsn", view.Log.DurableLsn);
        json.WriteStartArray("cursors");
        foreach (StoredCursor cursor in view.Cursors)
        {
            json.WriteStartObject();
            json.WriteString("name", cursor.Name);
            JsonText.WriteLsn(json, "lsn", cursor.File is { } file ? new Lsn(file.Position) : null);
            json.WriteNumber("lagBytes", view.LagBytes(cursor));
            json.WriteNumber("maxLagBytes", cursor.File?.MaxLagBytes ?? 0);
            if (UpdatedOf(cursor) is { } updated)
            {
                json.WriteString("updated", updated);
            }
            else
            {
                json.WriteNull("updated");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        JsonText.WriteProblems(json, view.Cursors.Select(cursor => cursor.Problem).OfType<Exception>());
    }

    // A checksum says that the bytes are those that were written, not that the clock was right.
    private static DateTimeOffset? UpdatedOf(StoredCursor cursor) =>
        cursor.File is { Updated: >= SegmentHeader.EarliestCreated and <= SegmentHeader.LatestCreated and var updated }
            ? DateTimeOffset.FromUnixTimeMilliseconds(updated)
            : null;
}
