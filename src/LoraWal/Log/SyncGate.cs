using LoraWal.Diagnostics;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>What one sync covers, taken before the call.</summary>
/// <param name="Sealed">A sealed segment whose seal has not been synced; synced first.</param>
/// <param name="Active">The active segment.</param>
/// <param name="Position">What is durable when both have returned.</param>
/// <param name="Timestamp">When it was taken.</param>
internal readonly record struct SyncTarget(
    IStorageFile? Sealed, IStorageFile Active, LogPosition Position, long Timestamp);

/// <summary>The one gate through which every sync passes: at most one is in flight per log, whoever asks.</summary>
/// <remarks>The kernel reports a writeback error once. A second sync beside the failing one would return success, and
/// publish what is gone. For the same reason a sync publishes what had been written when it began, not when it
/// ended.</remarks>
internal sealed class SyncGate(LogCore core, IStorageFile activeFile)
{
    private static readonly TimeSpan SlowSync = TimeSpan.FromSeconds(1);

    private readonly ManualResetEventSlim _free = new();
    private IStorageFile _activeFile = activeFile;
    private IStorageFile? _sealedFile;

    /// <summary>Takes the gate, and what the sync will cover, before the call.</summary>
    public SyncTarget TakeUnderLock()
    {
        core.State.TakeGateUnderLock();
        return new SyncTarget(
            _sealedFile, _activeFile, core.State.Written, core.Environment.Time.GetTimestamp());
    }

    /// <summary>From now on syncs are of a new segment, the first one of the old one's seal, too.</summary>
    public void RotateUnderLock(IStorageFile sealedFile, IStorageFile activeFile)
    {
        _sealedFile = sealedFile;
        _activeFile = activeFile;
    }

    /// <summary>Syncs what was taken with the gate, and gives the gate back.</summary>
    /// <param name="target">What to sync.</param>
    /// <param name="reason">For the metrics; "group" for the group flusher.</param>
    /// <param name="released">Number of waiters that are done.</param>
    /// <returns>The failure to throw; null if everything in the target is durable.</returns>
    public WalPoisonedException? Pass(SyncTarget target, string reason, out int released)
    {
        long start = core.Environment.Time.GetTimestamp();
        Exception? failure = null;
        try
        {
            // ORDER: the seal before what follows it in the next segment; recovery relies on it.
            target.Sealed?.Sync();
            target.Active.Sync();
        }
        catch (Exception caught)
        {
            failure = caught;
        }

        TimeSpan took = core.Environment.Time.GetElapsedTime(start);
        var done = default(WaiterList);
        bool isFirst = false;
        HandOn handOn;
        ulong before = core.State.DurableLsn;
        lock (core.State.Gate)
        {
            core.State.EndSyncUnderLock();
            if (failure is not null)
            {
                string prefix = reason == SyncReason.Group ? "bg fsync failed: " : "fsync failed: ";
                isFirst = core.PoisonUnderLock(prefix + failure.Message, failure, ref done);
            }
            else if (core.Latch.Fault is null)
            {
                PublishUnderLock(target, ref done);
            }

            handOn = core.State.HandOnUnderLock();
            if (core.State.WaitingForGate > 0)
            {
                _free.Set();
            }
        }

        released = done.Count;
        core.AfterLock(ref done, handOn, isFirst);
        Report(took, reason, failure is null ? (long)(target.Position.Lsn - before) : 0);
        return core.Latch.Fault is { } fault ? new WalPoisonedException(fault, outcomeUnknown: true) : null;
    }

    /// <summary>Syncs everything written, blocking for the gate. Does nothing when everything is synced.</summary>
    /// <exception cref="WalPoisonedException">The sync failed, or the log is poisoned.</exception>
    public void PassBlocking(string reason)
    {
        if (TakeBlocking() is { } target && Pass(target, reason, out _) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Closes the files.</summary>
    public void CloseFiles()
    {
        _activeFile.Dispose();
        _sealedFile?.Dispose();
    }

    private SyncTarget? TakeBlocking()
    {
        lock (core.State.Gate)
        {
            core.State.WaitingForGate++;
        }

        while (true)
        {
            lock (core.State.Gate)
            {
                if (!core.State.IsSyncing)
                {
                    core.State.WaitingForGate--;
                    core.ThrowIfPoisoned(outcomeUnknown: true);
                    bool isNothingNew = _sealedFile is null && core.State.DurablePosition == core.State.Written;
                    return isNothingNew ? null : TakeUnderLock();
                }

                _free.Reset();
            }

            _free.Wait();
        }
    }

    private void PublishUnderLock(SyncTarget target, ref WaiterList done)
    {
        if (target.Sealed is { } synced && ReferenceEquals(_sealedFile, synced))
        {
            _sealedFile = null;
            synced.Dispose();
        }

        core.PublishDurableUnderLock(target.Position, target.Timestamp, ref done);
    }

    private void Report(TimeSpan took, string reason, long records)
    {
        core.Meter.Synced(took, reason, records);
        if (took > SlowSync)
        {
            WalLog.SlowSync(core.Logger, core.Name, took.TotalSeconds, reason);
        }
    }
}

/// <summary>Why a sync was made: the tag of its metrics.</summary>
internal static class SyncReason
{
    public const string Commit = "commit";
    public const string Group = "group";
    public const string Request = "request";
    public const string Rotation = "rotation";
    public const string Checkpoint = "checkpoint";
    public const string Truncation = "truncation";
    public const string Close = "close";
}
