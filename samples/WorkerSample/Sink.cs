using System.Text.Json;

namespace WorkerSample;

/// <summary>The answer to GET /sink.</summary>
/// <param name="On">Whether it takes events.</param>
/// <param name="Received">Events since the start, repeated ones included.</param>
/// <param name="Repeated">Events that it had already: a consumer delivers at least once.</param>
/// <param name="First">LSN of the first event since the start; 0 if there was none.</param>
/// <param name="Last">The highest LSN.</param>
/// <param name="InOrder">Whether the LSNs of every delivery rose.</param>
internal sealed record SinkReport(bool On, long Received, long Repeated, ulong First, ulong Last, bool InOrder);

/// <summary>Stands for another service that events are forwarded to. It can be switched off, and forgets everything
/// when the program ends.</summary>
internal sealed class Sink
{
    public const string Path = "/sink";

    private readonly Lock _gate = new();
    private SinkReport _report = new(true, 0, 0, 0, 0, true);

    public static async Task PostAsync(HttpContext context)
    {
        Sink sink = context.RequestServices.GetRequiredService<Sink>();
        using JsonDocument body = await JsonDocument.ParseAsync(
            context.Request.Body, new JsonDocumentOptions { MaxDepth = 128 }, context.RequestAborted);
        bool taken = sink.TryTake(body.RootElement.EnumerateArray().Select(
            item => item.GetProperty("lsn").GetUInt64()));
        context.Response.StatusCode = taken ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
    }

    public static Task GetAsync(HttpContext context) => context.Response.WriteAsJsonAsync(
        context.RequestServices.GetRequiredService<Sink>().Report, SampleJson.Default.SinkReport);

    /// <summary>Switches it on or off.</summary>
    public static RequestDelegate Switch(bool on) => context =>
    {
        Sink sink = context.RequestServices.GetRequiredService<Sink>();
        lock (sink._gate)
        {
            sink._report = sink._report with { On = on };
        }

        return GetAsync(context);
    };

    private SinkReport Report
    {
        get
        {
            lock (_gate)
            {
                return _report;
            }
        }
    }

    private bool TryTake(IEnumerable<ulong> lsns)
    {
        lock (_gate)
        {
            if (!_report.On)
            {
                return false;
            }

            ulong before = 0;
            foreach (ulong lsn in lsns)
            {
                _report = _report with
                {
                    Received = _report.Received + 1,
                    Repeated = _report.Repeated + (lsn <= _report.Last ? 1 : 0),
                    First = _report.First == 0 ? lsn : _report.First,
                    Last = Math.Max(_report.Last, lsn),
                    InOrder = _report.InOrder && lsn > before,
                };
                before = lsn;
            }

            return true;
        }
    }
}
