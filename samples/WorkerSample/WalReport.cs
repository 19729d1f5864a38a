using LoraWal;
using LoraWal.Extensions.Hosting;

namespace WorkerSample;

/// <summary>The answer to GET /wal: where the log is, what opening it found, how far the state machine and the
/// consumer have got.</summary>
internal sealed record WalReport(
    string Name,
    WalReport.StatusPart Status,
    WalReport.RecoveryPart? Recovery,
    WalReport.MachinePart Machine,
    WalReport.ConsumerPart Consumer)
{
    internal sealed record MachinePart(ulong AppliedLsn, ulong SnapshotLsn);

    internal sealed record ConsumerPart(ulong AcknowledgedLsn);

    internal sealed record StatusPart(
        WalState State,
        ulong NextLsn,
        ulong WrittenLsn,
        ulong DurableLsn,
        ulong OldestLsn,
        long ActiveSegmentId,
        long OldestSegmentId,
        int SegmentCount,
        long LogBytes,
        double OldestUnsyncedMs,
        string? Fault);

    internal sealed record RecoveryPart(
        TailVerdict Verdict,
        long Generation,
        int SegmentCount,
        long LogBytes,
        ulong OldestLsn,
        ulong LastLsn,
        long RecordsScanned,
        long TornBytes,
        string? TornSegment,
        string? SetAsideAs,
        long RewrittenBytes,
        int LeftoversDeleted,
        double DurationMs);

    public static Task GetAsync(HttpContext context)
    {
        IWal wal = context.RequestServices.GetRequiredService<IWal>();
        RecoveryReport? recovery = context.RequestServices.GetRequiredService<IWalRecovery>().Report;
        WalStateMachineStatus machine =
            context.RequestServices.GetRequiredService<IWalStateMachineHost<EventState>>().Status;
        WalCursorInfo? cursor = wal.ListCursors().FirstOrDefault(found => found.Name == EventForwarder.Name);
        var report = new WalReport(
            wal.Name,
            Describe(wal.Status),
            recovery is null ? null : Describe(recovery),
            new MachinePart(machine.AppliedLsn.Value, machine.SnapshotLsn.Value),
            new ConsumerPart(cursor?.Position.Value ?? 0));
        return context.Response.WriteAsJsonAsync(report, SampleJson.Default.WalReport);
    }

    private static StatusPart Describe(WalStatus status) => new(
        status.State,
        status.NextLsn.Value,
        status.WrittenLsn.Value,
        status.DurableLsn.Value,
        status.OldestLsn.Value,
        status.ActiveSegmentId,
        status.OldestSegmentId,
        status.SegmentCount,
        status.LogBytes,
        status.OldestUnsyncedAge.TotalMilliseconds,
        status.Fault?.Reason);

    private static RecoveryPart Describe(RecoveryReport report) => new(
        report.Verdict,
        report.Generation,
        report.SegmentCount,
        report.LogBytes,
        report.OldestLsn.Value,
        report.LastLsn.Value,
        report.RecordsScanned,
        report.TornBytes,
        report.TornSegment,
        report.SetAsideAs,
        report.RewrittenBytes,
        report.LeftoversDeleted,
        report.Duration.TotalMilliseconds);
}
