using LoraWal.Diagnostics;

namespace LoraWal.Log;

/// <summary>Applies the limits of retention to a log, once or on a timer.</summary>
/// <param name="core">The log.</param>
/// <param name="truncate">Truncates it; what else holds records back is decided there.</param>
/// <param name="limits">What is kept.</param>
/// <param name="needsCheckpoint">Whether somebody replays the log: without a checkpoint, nothing may go.</param>
internal sealed class RetentionRunner(
    LogCore core,
    Func<Lsn, CancellationToken, ValueTask<TruncateResult>> truncate,
    WalRetentionOptions limits,
    bool needsCheckpoint)
{
    private ulong _reported;

    /// <summary>Truncates once, as far as the limits say and the newest checkpoint allows.</summary>
    // A checkpoint says that somebody keeps a snapshot and replays what lies above it. To take that away would leave a
    // service that cannot start, so its fence holds retention back, whatever the limits say.
    public ValueTask<TruncateResult> PassAsync(ulong checkpoint, CancellationToken cancellationToken)
    {
        RetainedLog log;
        lock (core.State.Gate)
        {
            log = core.Catalog.RetainedUnderLock(core.State.WrittenLsn);
        }

        ulong wanted = Math.Min(
            RetentionRule.FenceOf(log, limits, core.Environment.Time.GetUtcNow()), core.State.SettledLsn);
        ulong fence = checkpoint > 0 || needsCheckpoint ? Math.Min(wanted, checkpoint) : wanted;
        if (fence < wanted && log.Sealed.Any(segment => segment.LastLsn > fence && segment.LastLsn <= wanted))
        {
            ReportHeldBack(wanted, checkpoint);
        }

        return fence == 0
            ? ValueTask.FromResult(new TruncateResult { OldestLsn = new Lsn(core.Catalog.Now.OldestLsn) })
            : truncate(new Lsn(fence), cancellationToken);
    }

    /// <summary>Applies the limits at once and then in every interval, until stopped, or until the log is closed or
    /// poisoned. Never throws.</summary>
    public async Task RunAsync(Func<ulong> checkpoint, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(limits.Interval, core.Environment.Time);
        try
        {
            do
            {
                if (!await TryPassAsync(checkpoint(), stopping).ConfigureAwait(false))
                {
                    return;
                }
            }
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to end.
        }
    }

    private async ValueTask<bool> TryPassAsync(ulong checkpoint, CancellationToken stopping)
    {
        try
        {
            await PassAsync(checkpoint, stopping).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (failure is WalPoisonedException or ObjectDisposedException)
        {
            return false; // nothing will ever be truncated again; the log has said why
        }
        catch (IOException failure)
        {
            WalLog.RetentionFailed(core.Logger, core.Name, limits.Interval, failure);
            return true;
        }
    }

    // Once for each checkpoint: a log that grows although it has limits must not surprise anybody.
    private void ReportHeldBack(ulong wanted, ulong checkpoint)
    {
        if (_reported != checkpoint + 1)
        {
            _reported = checkpoint + 1;
            WalLog.RetentionHeldBack(core.Logger, core.Name, new Lsn(wanted), new Lsn(checkpoint));
        }
    }
}
