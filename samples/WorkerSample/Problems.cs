using LoraWal;

namespace WorkerSample;

/// <summary>Answers what went wrong as problem+json.</summary>
internal static class Problems
{
    public static async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && Describe(e) is { } problem)
        {
            context.Response.Clear();
            context.Response.StatusCode = problem.Status;
            await context.Response.WriteAsJsonAsync(
                problem, SampleJson.Default.Problem, "application/problem+json");
        }
    }

    // The order matters: the exceptions of the log derive from IOException, and so does Kestrel's bad request.
    private static Problem? Describe(Exception exception) => exception switch
    {
        BadEventException e => new(400, "Malformed events", $"Line {e.Line}: {e.Message}") { Line = e.Line },
        BadHttpRequestException e => new(
            e.StatusCode, e.StatusCode == 413 ? "Too large" : "Bad request", e.Message),
        WalPoisonedException e => new(503, "The log is poisoned", e.Message) { OutcomeUnknown = e.OutcomeUnknown },
        WalFullException e => new(503, "The log is full", e.Message) { OutcomeUnknown = false },
        WalTruncatedException e => new(410, "Truncated", e.Message),
        ObjectDisposedException => new(503, "The log is closed", "The service is stopping."),
        _ => null,
    };
}
