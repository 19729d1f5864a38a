using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting;

/// <summary>Keeps the log within the limits of its options while the services run.</summary>
//
// ORDER: not before every service has started: by then whoever reads the log has said how far it has got. Ends before
// the first service stops, and so before the log closes.
internal sealed class RetentionService(HostedLog log, bool isReplayed) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        WalRetentionOptions limits = log.Options.Retention;
        if (limits.HasLimit && log.Opened is { } opened)
        {
            _loop = opened.RunRetentionAsync(limits, isReplayed, _stopping.Token);
        }

        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // After a start that failed nobody calls StoppingAsync.
    public void Dispose() => _stopping.Cancel();
}
