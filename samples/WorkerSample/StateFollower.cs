using LoraWal;

namespace WorkerSample;

/// <summary>Keeps the state up to date by following the log from where replay has ended.</summary>
/// <remarks>It reads what is written but not yet durable, so that a request sees what was accepted before it. What a
/// power cut takes back is gone from the log and so from the state that the next start builds.</remarks>
internal sealed partial class StateFollower(IWal wal, EventState state, ILogger<StateFollower> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var range = new WalReadOptions(After: state.LastLsn, Follow: true, IncludeNotDurable: true);
            await foreach (WalTransaction transaction in wal.ReadAsync(range, stoppingToken))
            {
                state.Apply(transaction);
            }
        }
        catch (WalPoisonedException e)
        {
            LogStopped(logger, e.Message);
        }
        finally
        {
            state.End();
        }
    }

    [LoggerMessage(LogLevel.Warning, "The state is no longer kept up to date: {Reason}")]
    private static partial void LogStopped(ILogger logger, string reason);
}
