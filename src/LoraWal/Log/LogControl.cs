using LoraWal.Diagnostics;
using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>What needs the log to itself for a moment: checkpoints, truncation, closing. One at a time, on a thread of
/// its own, so that no caller blocks.</summary>
internal sealed class LogControl(LogWriter log, SegmentMaker maker)
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly LogCore _core = log.Core;

    /// <summary>The log's directory.</summary>
    public SegmentFiles Files => maker.Files;

    /// <summary>Writes and syncs a checkpoint marker.</summary>
    public Task CheckpointAsync(ulong fence) => RunAsync(() =>
    {
        CheckFence(fence, Math.Max(_core.State.WrittenLsn, _core.State.SettledLsn), "what is written");
        (ulong knownFence, ulong floor) = log.Writer.Appender.Known;
        WriteMarker(MarkerReason.Checkpoint, (Math.Max(knownFence, fence), floor), SyncReason.Checkpoint);
        WalLog.Checkpoint(_core.Logger, _core.Name, new Lsn(fence));
        return true;
    });

    /// <summary>Deletes the segments whose every record is at or below a fence and every hold.</summary>
    public Task<TruncateResult> TruncateAsync(ulong fence) => RunAsync(() =>
    {
        CheckFence(fence, _core.State.SettledLsn, "what is durable");
        List<(SegmentEntry Entry, ulong LastLsn)> found;
        lock (_core.State.Gate)
        {
            found = _core.Catalog.UpToUnderLock(fence);
        }

        // INVARIANT: no record above a hold is ever deleted. The floor in the marker stays below the holds, too: the
        // next open would take what is between for gone.
        IReadOnlyList<TruncationHold> holds = found.Count == 0 ? [] : _core.Holds.Below(found[^1].LastLsn);
        if (holds.Count > 0)
        {
            ulong lowest = holds.Min(hold => hold.Lsn.Value);
            found.RemoveAll(segment => segment.LastLsn > lowest);
            WalLog.HeldBack(_core.Logger, _core.Name, new Lsn(fence), string.Join(", ", holds));
        }

        if (found.Count == 0)
        {
            return new TruncateResult { OldestLsn = OldestLsn, HeldBackBy = holds };
        }

        // ORDER: the new floor is durable before the first file goes, or a crash in between would leave a log whose
        // first segments are missing.
        (ulong knownFence, ulong floor) = log.Writer.Appender.Known;
        WriteMarker(
            MarkerReason.Truncation, (knownFence, Math.Max(floor, found[^1].LastLsn)), SyncReason.Truncation);
        return Delete(found) with { HeldBackBy = holds };
    });

    /// <summary>Does something while no checkpoint, truncation or closing is under way.</summary>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    public Task<T> AloneAsync<T>(Func<T> work) => RunAsync(work, isWrite: false);

    /// <summary>Waits until a record is durable whose append has returned this LSN.</summary>
    public ValueTask WaitForOwnAsync(ulong lsn, CancellationToken cancellationToken) =>
        log.WaitForOwnAsync(lsn, cancellationToken);

    /// <summary>Syncs what is written. For work that <see cref="AloneAsync"/> does.</summary>
    /// <exception cref="WalPoisonedException">The sync failed, or the log is poisoned.</exception>
    public void SyncWritten() => log.Gate.PassBlocking(SyncReason.Checkpoint);

    /// <summary>Writes and syncs what is left, marks the log as closed, and lets go of everything but the
    /// directory. The log refuses new calls already.</summary>
    /// <returns>What went wrong with it; null if the log is clean.</returns>
    public Task<Exception?> CloseAsync() => Background.RunAsync(_core.Environment.Work, "lorawal-close", () =>
    {
        // A truncation under way ends first: its deletions must not reach into the next owner's time. Whoever waits
        // behind us finds the log closed.
        _one.Wait();
        try
        {
            return Close();
        }
        finally
        {
            _one.Release();
        }
    });

    private Exception? Close()
    {
        bool wasPoisoned = _core.Latch.Fault is not null;
        log.Writer.Take();
        Exception? failure = null;
        try
        {
            if (!wasPoisoned)
            {
                log.Writer.WriteBuffered();
                log.Gate.PassBlocking(SyncReason.Close);
                if (log.Writer.WriteMarker(MarkerReason.Close, isRequired: false))
                {
                    log.Gate.PassBlocking(SyncReason.Close);
                }

                _core.ThrowIfPoisoned(outcomeUnknown: true);
                _core.Full.ThrowIfDropped();
            }
        }
        catch (WalException caught)
        {
            failure = caught;
            WalLog.CloseFailed(_core.Logger, _core.Name, caught);
        }

        maker.Supply.Dispose();
        lock (_core.State.Gate)
        {
            log.Gate.CloseFiles();
        }

        log.Writer.Release();
        _core.End();
        WalLog.Closed(_core.Logger, _core.Name, new Lsn(_core.State.DurableLsn));
        return failure;
    }

    private Lsn OldestLsn => new(_core.Catalog.Now.OldestLsn);

    private void WriteMarker(MarkerReason reason, (ulong Fence, ulong Floor) known, string syncReason)
    {
        log.Writer.Take();
        try
        {
            ThrowIfClosing();
            _core.ThrowIfPoisoned(outcomeUnknown: false);
            (ulong Fence, ulong Floor) before = log.Writer.Appender.Known;
            log.Writer.Appender.Known = known;
            try
            {
                log.Writer.WriteMarker(reason, isRequired: true);
            }
            catch
            {
                log.Writer.Appender.Known = before;
                throw;
            }
        }
        finally
        {
            log.Writer.Release();
        }

        _core.ThrowIfPoisoned(outcomeUnknown: true);
        log.Gate.PassBlocking(syncReason);
    }

    private TruncateResult Delete(List<(SegmentEntry Entry, ulong LastLsn)> found)
    {
        int deleted = 0;
        long bytes = 0;
        StorageException? failure = null;
        foreach ((SegmentEntry entry, _) in found)
        {
            // ORDER: out of the catalog before the file goes, or a reader that begins in between would take the missing
            // file for damage.
            lock (_core.State.Gate)
            {
                _core.Catalog.RemoveOldestUnderLock(entry);
            }

            try
            {
                maker.Files.Storage.Delete(SegmentName.Of(entry.Id));
            }
            catch (StorageException caught)
            {
                failure = caught; // oldest first: what is left is still one dense run
                lock (_core.State.Gate)
                {
                    _core.Catalog.PutBackOldestUnderLock(entry);
                }

                break;
            }

            lock (_core.State.Gate)
            {
                _core.Catalog.DeletedUnderLock(entry);
            }

            deleted++;
            bytes += entry.FileBytes;
        }

        SyncDirectory();
        _core.Full.RetryNow();
        WalLog.Truncated(_core.Logger, _core.Name, new Lsn(found[^1].LastLsn), deleted, OldestLsn);
        if (failure is not null)
        {
            WalLog.DeleteFailed(_core.Logger, _core.Name, found.Count - deleted, failure);
        }

        return new TruncateResult
        {
            SegmentsDeleted = deleted,
            BytesDeleted = bytes,
            SegmentsKept = found.Count - deleted,
            FirstFailure = failure,
            OldestLsn = OldestLsn,
        };
    }

    private void SyncDirectory()
    {
        try
        {
            maker.Files.Storage.SyncDirectory();
        }
        catch (StorageException failure)
        {
            _core.Poison($"fsync failed: {failure.Message}", failure);
            _core.ThrowIfPoisoned(outcomeUnknown: true);
        }
    }

    private void ThrowIfClosing()
    {
        if (log.IsClosing)
        {
            throw LogWriter.Closed();
        }
    }

    private static void CheckFence(ulong fence, ulong greatest, string what)
    {
        if (fence > greatest)
        {
            throw new ArgumentOutOfRangeException(
                nameof(fence), new Lsn(fence), $"The fence is above {what}: LSN {greatest}.");
        }
    }

    private async Task<T> RunAsync<T>(Func<T> work, bool isWrite = true)
    {
        await _one.WaitAsync().ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            if (isWrite)
            {
                _core.ThrowIfPoisoned(outcomeUnknown: false);
            }
        }
        catch
        {
            _one.Release();
            throw;
        }

        return await Background.RunAsync(_core.Environment.Work, "lorawal-control", () =>
        {
            try
            {
                return work();
            }
            finally
            {
                _one.Release();
            }
        }).ConfigureAwait(false);
    }
}
