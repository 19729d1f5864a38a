using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LoraWal.Extensions.Hosting;

/// <summary>Unhealthy only when the log is poisoned: a restart is then the cure.</summary>
internal sealed class LiveHealthCheck(HostedLog log) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        WalStatus status = log.Status;
        HealthCheckResult result = status switch
        {
            { Fault: { } fault } => HealthData.Report(
                log, status, HealthStatus.Unhealthy, $"The log is poisoned: {fault.Reason}", fault.Exception),
            { State: WalState.Poisoned } => HealthData.Report(
                log, status, HealthStatus.Unhealthy, "The log is poisoned."),
            { State: WalState.Disabled } => HealthData.Report(
                log, status, HealthStatus.Healthy, "The log is disabled: appends are accepted and dropped."),
            _ => HealthData.Report(log, status, HealthStatus.Healthy, "The log is not poisoned."),
        };
        return Task.FromResult(result);
    }
}
