using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LoraWal.Extensions.Hosting;

/// <summary>Healthy when the log takes appends and keeps up with syncing them.</summary>
//
//   state                                     verdict
//   ----------------------------------------  ---------------------------------------------------------
//   did not start, poisoned, closed           Unhealthy
//   opening, replaying, full, host stopping   Unhealthy
//   disabled                                  Healthy, and says so
//   a state machine failed                    Unhealthy
//   running                                   the worst of: oldest record not synced, free bytes of the volume,
//                                             snapshots that fail again and again, consumers that have stopped,
//                                             cursors that hold back too much
//
// Under SyncMode.None nothing syncs on its own, so the age of what is not synced says nothing about the disk.
internal sealed class ReadyHealthCheck(HostedLog log) : IHealthCheck
{
    private const int FailuresDegraded = 3;

    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        WalStatus status = log.Status;
        if (log.Failure is { } failure)
        {
            return HealthData.Report(
                log, status, HealthStatus.Unhealthy, $"The log did not start: {failure.Message}", failure);
        }

        if (status.Fault is { } fault)
        {
            return HealthData.Report(
                log, status, HealthStatus.Unhealthy, $"The log is poisoned: {fault.Reason}", fault.Exception);
        }

        (HealthStatus verdict, string description) = status.State switch
        {
            WalState.Disabled => (HealthStatus.Healthy, "The log is disabled: appends are accepted and dropped."),
            WalState.Opening => (HealthStatus.Unhealthy, "The log is being opened."),
            WalState.Replaying => (
                HealthStatus.Unhealthy, $"The log is being replayed: {(int)(log.ReplayProgress * 100)} %."),
            WalState.Full => (HealthStatus.Unhealthy, "The log is full: appends fail until there is space again."),
            WalState.Poisoned => (HealthStatus.Unhealthy, "The log is poisoned."),
            WalState.Closed => (HealthStatus.Unhealthy, "The log is closed."),
            _ when log.IsStopping => (HealthStatus.Unhealthy, "The host is stopping."),
            _ when FailedMachine() is { } machine => (HealthStatus.Unhealthy, machine.Fault!.Message),
            _ => CheckRunning(status),
        };
        return HealthData.Report(log, status, verdict, description);
    }

    private (HealthStatus Verdict, string Description) CheckRunning(WalStatus status)
    {
        LoraWalOptions options = log.Options;
        LoraWalHealthOptions limits = options.Health;
        TimeSpan age = options.SyncMode == SyncMode.None ? TimeSpan.Zero : status.OldestUnsyncedAge;
        string stall = string.Create(
            CultureInfo.InvariantCulture, $"A record has waited {age.TotalSeconds:0.0} s for its sync.");
        string space = $"The volume has {log.FreeBytes} bytes left.";
        if (age > limits.StallUnhealthy)
        {
            return (HealthStatus.Unhealthy, stall);
        }

        if (log.FreeBytes < limits.MinFreeBytesUnhealthy)
        {
            return (HealthStatus.Unhealthy, space);
        }

        if (age > limits.StallDegraded)
        {
            return (HealthStatus.Degraded, stall);
        }

        if (log.FreeBytes < limits.MinFreeBytesDegraded)
        {
            return (HealthStatus.Degraded, space);
        }

        WalStateMachineStatus? failing = log.Machines?.Status
            .FirstOrDefault(machine => machine.SnapshotFailures >= FailuresDegraded);
        return failing is not null
            ? (HealthStatus.Degraded, $"{failing.SnapshotFailures} snapshots in a row of the state machine "
                + $"'{failing.Name}' failed: {failing.SnapshotFailure?.Message}")
            : CheckConsumers();
    }

    private (HealthStatus Verdict, string Description) CheckConsumers()
    {
        if (log.Consumers.FirstOrDefault(consumer => consumer.Problem is not null) is { } stopped)
        {
            return (HealthStatus.Degraded, stopped.Problem!);
        }

        foreach (WalCursorInfo cursor in log.Cursors)
        {
            if (cursor.Problem is { } problem)
            {
                return (HealthStatus.Degraded, problem.Message);
            }

            if (cursor.IsOverLimit)
            {
                return (
                    HealthStatus.Degraded,
                    $"The cursor '{cursor.Name}' at LSN {cursor.Position} keeps {cursor.LagBytes} bytes from "
                    + $"truncation, more than its {nameof(cursor.MaxLagBytes)} ({cursor.MaxLagBytes}).");
            }
        }

        return (HealthStatus.Healthy, "The log takes appends.");
    }

    private WalStateMachineStatus? FailedMachine() =>
        log.Machines?.Status.FirstOrDefault(machine => machine.Fault is not null);
}
