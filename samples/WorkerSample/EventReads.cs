using System.Text.Json;
using LoraWal;

namespace WorkerSample;

/// <summary>GET /state and GET /events.</summary>
internal static class EventReads
{
    private const int MaxEvents = 1000;

    /// <summary>The state, with everything that was written before the request.</summary>
    public static async Task GetStateAsync(HttpContext context)
    {
        var machine = context.RequestServices.GetRequiredService<IWalStateMachineHost<EventState>>();
        IWal wal = context.RequestServices.GetRequiredService<IWal>();
        await machine.WaitForAppliedAsync(wal.Status.WrittenLsn, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            machine.Read(static state => state.Report()), SampleJson.Default.StateReport);
    }

    /// <summary>A page of the log; "next" is the "after" of the next page.</summary>
    public static async Task GetEventsAsync(HttpContext context)
    {
        Lsn? after = Query.Lsn(context, "after");
        int limit = Query.Number(context, "limit", 100, 1, MaxEvents);
        IWal wal = context.RequestServices.GetRequiredService<IWal>();

        using var body = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(body))
        {
            await WritePageAsync(writer, wal, after, limit, context.RequestAborted);
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
    }

    private static async Task WritePageAsync(
        Utf8JsonWriter writer, IWal wal, Lsn? after, int limit, CancellationToken cancellationToken)
    {
        Lsn next = after ?? Lsn.None;
        writer.WriteStartObject();
        writer.WriteStartArray("events");
        var range = new WalReadOptions(After: after, IncludeNotDurable: true);
        await foreach (WalTransaction transaction in wal.ReadAsync(range, cancellationToken))
        {
            foreach (WalRecord record in transaction)
            {
                // A page may begin or end within a transaction; the log gives transactions whole.
                if (record.Lsn <= next || limit == 0)
                {
                    continue;
                }

                limit--;
                next = record.Lsn;
                writer.WriteStartObject();
                writer.WriteNumber("lsn", record.Lsn.Value);
                writer.WriteString("time", transaction.Timestamp);
                writer.WritePropertyName("event");
                writer.WriteRawValue(record.Payload.Span);
                writer.WriteEndObject();
            }

            if (limit == 0)
            {
                break;
            }
        }

        writer.WriteEndArray();
        writer.WriteNumber("next", next.Value);
        writer.WriteEndObject();
    }
}
