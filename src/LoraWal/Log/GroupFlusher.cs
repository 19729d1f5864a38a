using LoraWal.Diagnostics;
using Microsoft.Extensions.Logging;

namespace LoraWal.Log;

/// <summary>The background loop that syncs a log on a timer.</summary>
/// <remarks>
/// It waits first and works after. A stop wakes it at once. It holds the log weakly: a log that was never disposed of
/// can be collected, and the loop ends with the next tick. It ends for good when the log is closing or poisoned. Its
/// only clock is the time provider's.
/// </remarks>
internal static class GroupFlusher
{
    /// <summary>Runs until stopped. Never throws.</summary>
    public static Task RunAsync(LogWriter log, CancellationToken stopping)
    {
        LogEnvironment environment = log.Core.Environment;
        return LoopAsync(
            new WeakReference<LogWriter>(log),
            new PeriodicTimer(environment.Settings.GroupSyncInterval, environment.Time),
            environment.Diagnostics.Logger,
            environment.Settings.Name,
            stopping);
    }

    private static async Task LoopAsync(
        WeakReference<LogWriter> log, PeriodicTimer timer, ILogger logger, string name, CancellationToken stopping)
    {
        using (timer)
        {
            try
            {
                while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false) && Tick(log))
                {
                }
            }
            catch (OperationCanceledException)
            {
                // stopped
            }
            catch (Exception failure)
            {
                WalLog.FlusherFailed(logger, name, failure);
                Poison(log, failure);
            }
        }
    }

    // Methods of their own: no strong reference to the log may live in the loop's state while it waits.
    private static bool Tick(WeakReference<LogWriter> log) =>
        log.TryGetTarget(out LogWriter? alive) && alive.FlushTick();

    private static void Poison(WeakReference<LogWriter> log, Exception failure)
    {
        if (log.TryGetTarget(out LogWriter? alive))
        {
            alive.Core.Poison($"the group flusher ended: {failure.Message}", failure);
        }
    }
}
