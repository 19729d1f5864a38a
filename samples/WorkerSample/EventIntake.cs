using LoraWal;
using LoraWal.Extensions.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace WorkerSample;

/// <summary>POST /events: the events of a request become one transaction of the log.</summary>
internal static class EventIntake
{
    public static async Task PostAsync(HttpContext context)
    {
        IServiceProvider services = context.RequestServices;
        LoraWalOptions options = services.GetRequiredService<IOptions<LoraWalOptions>>().Value;
        bool durable = Query.Flag(context, "durable");

        ReadOnlyMemory<byte> body = await ReadBodyAsync(context, options.MaxTransactionBytes);
        List<ReadOnlyMemory<byte>> events = IsNdjson(context.Request.ContentType)
            ? EventJson.SplitLines(body)
            : EventJson.SplitJson(body);
        if (events.Count > WalBatch.MaxRecords)
        {
            throw new BadHttpRequestException(
                $"A request holds at most {WalBatch.MaxRecords} events.", StatusCodes.Status413PayloadTooLarge);
        }

        using var batch = new WalBatch();
        foreach (ReadOnlyMemory<byte> json in events)
        {
            batch.Add(json.Span, EventRecords.Posted); // a PostedEvent, as bytes already
        }

        // Not cancelled with the request: the batch is pooled memory, and a wait given up would not take it back.
        IWal wal = services.GetRequiredService<IWal>();
        Lsn last = await wal.CommitAsync(batch);
        if (durable)
        {
            await wal.WaitForDurableAsync(last); // under GroupSync the group flusher's next sync serves all who wait
        }

        ulong first = last.IsNone ? 0 : last.Value - (ulong)events.Count + 1;
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await context.Response.WriteAsJsonAsync(
            new Accepted(first, last.Value, durable || options.SyncMode == SyncMode.PerCommit),
            SampleJson.Default.Accepted);
    }

    private static bool IsNdjson(string? contentType) =>
        contentType?.Split(';')[0].Trim() is "application/x-ndjson" or "application/ndjson" or "application/jsonl";

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context, long maxBytes)
    {
        // Kestrel refuses what is longer with 413, before or while it is read.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = maxBytes;
        }

        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}
