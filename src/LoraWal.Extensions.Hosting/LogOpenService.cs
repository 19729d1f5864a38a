using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LoraWal.Extensions.Hosting;

/// <summary>Opens the log and replays it before any service starts.</summary>
internal sealed class LogOpenService(
    string key,
    HostedLog log,
    OpenPipeline pipeline,
    PoisonResponse poisonResponse,
    HostMeter meter,
    ILogger<LogOpenService> logger,
    IServiceProvider services) : IHostedLifecycleService
{
    private readonly TimeProvider _time = services.GetRequiredService<TimeProvider>();

    // ORDER: StartingAsync of every service ends before StartAsync of any.
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await OpenAndReplayAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            log.Fail(e);
            throw;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        log.BeginStop();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The close is the group flusher's: whoever ends the loop does what comes right after it.
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task OpenAndReplayAsync(CancellationToken cancellationToken)
    {
        LoraWalOptions options = log.Options;
        LogMachines machines = LogMachines.Resolve(services, key, options.Name);
        log.Machines = machines;
        var replay = new Replay(log, ResolveTargets(), _time, logger);
        Lsn fence = await replay.LoadAsync(options.ReplayAfter, cancellationToken).ConfigureAwait(false);
        if (!options.Enabled)
        {
            HostLog.Disabled(logger, options.Name);
            log.TakeOver(log.Disabled);
            machines.StartWithoutLog();
            log.Run();
            return;
        }

        IOpenedWal opened = await pipeline.OpenAsync(options.WithFence(fence), cancellationToken)
            .ConfigureAwait(false);
        log.TakeOver(opened);
        poisonResponse.Watch();

        long started = _time.GetTimestamp();
        await replay.RunAsync(opened.Log, cancellationToken).ConfigureAwait(false);
        await machines.OpenAsync(log, opened, cancellationToken).ConfigureAwait(false);
        meter.Replayed(_time.GetElapsedTime(started));
        machines.Start();
        log.Run();
    }

    private IEnumerable<IReplayTarget> ResolveTargets() => services.GetServices<ReplayTargetRegistration>()
        .Where(registration => registration.Key == key)
        .Select(registration => registration.Resolve(services));
}
