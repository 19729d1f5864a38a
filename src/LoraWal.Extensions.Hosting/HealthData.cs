using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LoraWal.Extensions.Hosting;

/// <summary>The data that both health checks report. From memory: a check does no I/O.</summary>
internal static class HealthData
{
    public static HealthCheckResult Report(
        HostedLog log, WalStatus status, HealthStatus verdict, string description, Exception? cause = null)
    {
        var data = new Dictionary<string, object>
        {
            ["state"] = status.State.ToString(),
            ["nextLsn"] = status.NextLsn.Value,
            ["durableLsn"] = status.DurableLsn.Value,
            ["oldestLsn"] = status.OldestLsn.Value,
            ["activeSegmentId"] = status.ActiveSegmentId,
            ["oldestSegmentId"] = status.OldestSegmentId,
            ["oldestUnsyncedMs"] = (long)status.OldestUnsyncedAge.TotalMilliseconds,
            ["replayProgress"] = log.ReplayProgress,
        };
        if (log.FreeBytes is { } freeBytes)
        {
            data["freeBytes"] = freeBytes;
        }

        foreach (WalStateMachineStatus machine in log.Machines?.Status ?? [])
        {
            data[$"stateMachine.{machine.Name}.appliedLsn"] = machine.AppliedLsn.Value;
            data[$"stateMachine.{machine.Name}.snapshotLsn"] = machine.SnapshotLsn.Value;
            data[$"stateMachine.{machine.Name}.snapshotFailures"] = machine.SnapshotFailures;
        }

        foreach (WalCursorInfo cursor in log.Cursors)
        {
            data[$"cursors.{cursor.Name}.lsn"] = cursor.Position.Value;
            data[$"cursors.{cursor.Name}.lagBytes"] = cursor.LagBytes;
        }

        if (status.Fault is { } fault)
        {
            data["bgFailure"] = fault.Reason;
        }

        return new HealthCheckResult(verdict, description, cause, data);
    }
}
