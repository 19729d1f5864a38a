using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting;

/// <summary>Runs the log's group flusher from the moment writers are let in until every service has stopped, and then
/// closes the log.</summary>
//
// ORDER, in StoppedAsync, whatever its token says:
//   1. the state machines' last snapshots     as long as the token allows
//   2. the loop ends
//   3. the last sync and the close marker     services append until the end of their own StopAsync
internal sealed class GroupFlusherService(HostedLog log, FreeSpaceSampler sampler)
    : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // A host may start its services concurrently; the log then opens beside this.
        if (await log.Started.WaitAsync(cancellationToken).ConfigureAwait(false) && log.Opened is { } opened)
        {
            sampler.Start();
            _loop = opened.RunGroupFlusherAsync(_stopping.Token);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        sampler.Dispose();
        if (log.Machines is { } machines)
        {
            await machines.StopAsync(cancellationToken).ConfigureAwait(false);
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await log.CloseAsync().ConfigureAwait(false);
    }

    // After a start that failed nobody calls StoppedAsync. The loop ends; the log closes with its owner.
    public void Dispose()
    {
        sampler.Dispose();
        _stopping.Cancel();
    }
}
