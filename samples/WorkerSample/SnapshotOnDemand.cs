using LoraWal;

namespace WorkerSample;

/// <summary>The answer to POST /snapshot.</summary>
internal sealed record SnapshotTaken(ulong Lsn);

/// <summary>POST /snapshot: takes a snapshot of the state now. The triggers in the settings take others.</summary>
internal static class SnapshotOnDemand
{
    public static async Task PostAsync(HttpContext context)
    {
        Lsn lsn = await context.RequestServices.GetRequiredService<IWalStateMachineHost<EventState>>()
            .CheckpointAsync(context.RequestAborted);
        await context.Response.WriteAsJsonAsync(new SnapshotTaken(lsn.Value), SampleJson.Default.SnapshotTaken);
    }
}
