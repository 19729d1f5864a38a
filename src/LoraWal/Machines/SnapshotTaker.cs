using LoraWal.Diagnostics;
using LoraWal.Log;
using LoraWal.Segments;
using LoraWal.Snapshots;

namespace LoraWal.Machines;

/// <summary>Takes the snapshots of one machine, one at a time.</summary>
// ORDER: a crash may fall between any two of these; docs/replay.md tells the same in prose.
//   1. the state, under a temporary name, synced         the next open deletes it
//   2. every record in it is durable                     before it has a name: a name is never above the durable LSN
//   3. its name, the directory synced                    from here on it is what the next start loads
//   4. the checkpoint marker                             never above a snapshot that is there
//   5. older snapshots beyond those kept are deleted
//   6. the log is truncated behind the oldest one kept   so whichever is loaded finds the records above it
internal sealed class SnapshotTaker(
    Wal wal, IWalStateMachine machine, string name, SnapshotOptions options, MachineRunner runner, SnapshotShelf shelf)
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly LogCore _core = wal.Parts.Core;
    private readonly LogControl _control = wal.Parts.Control;
    private readonly SegmentFiles _files = wal.Parts.Control.Files;
    private volatile Exception? _failure;
    private volatile int _failures;
    private bool _hasEnded;

    /// <summary>Why the last one failed; null if it did not.</summary>
    public Exception? Failure => _failure;

    /// <summary>How many have failed in a row.</summary>
    public int Failures => _failures;

    /// <summary>What the newest one covers.</summary>
    public ulong Newest => shelf.Newest;

    /// <summary>Who holds back truncation for a machine.</summary>
    public static string HolderOf(string machine) => $"state machine {machine}";

    /// <summary>Takes a snapshot, if anything has been applied since the last one.</summary>
    /// <returns>What the newest one covers.</returns>
    public async Task<Lsn> TakeAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_hasEnded, this);
            runner.Schedule.Restart(); // before anything can fail: what stays due would be tried again at once
            runner.ThrowIfFailed();
            if (runner.Waiters.Applied > shelf.Newest)
            {
                await SaveAsync(cancellationToken).ConfigureAwait(false);
            }

            if (shelf.Newest > 0)
            {
                await SettleAsync(cancellationToken).ConfigureAwait(false);
            }

            _failures = 0;
            _failure = null;
            return new Lsn(shelf.Newest);
        }
        catch (Exception failure) when (IsFailure(failure, cancellationToken))
        {
            _failure = failure;
            _failures++;
            WalLog.SnapshotFailed(_core.Logger, _core.Name, name, _failures, failure);
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Waits for a snapshot under way; later ones are refused: the name may be another machine's by
    /// then.</summary>
    public async Task EndAsync()
    {
        await _one.WaitAsync().ConfigureAwait(false);
        _hasEnded = true;
        _one.Release();
    }

    private bool IsFailure(Exception failure, CancellationToken cancellationToken) =>
        failure is not WalStateMachineException
        && !(failure is ObjectDisposedException && (_hasEnded || _core.Edges().IsClosed))
        && !(failure is OperationCanceledException && cancellationToken.IsCancellationRequested);

    // Steps 1 to 3.
    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        long start = _core.Environment.Time.GetTimestamp();
        (ulong lsn, IWalSnapshotView? view) = runner.Prepare();
        string temporary = SnapshotName.TemporaryOf(lsn, name);
        SnapshotWriter? writer = null;
        try
        {
            try
            {
                writer = SnapshotWriter.Create(_files.Storage, HeaderOf(lsn), options.EncryptionKey);
                if (view is null)
                {
                    await machine.SaveAsync(writer.Payload, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await view.SaveAsync(writer.Payload, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                if (view is null)
                {
                    runner.Resume();
                }

                view?.Dispose();
            }

            long bytes = writer.Finish();
            await _control.AloneAsync(() =>
            {
                Publish(lsn, temporary);
                return true;
            }).ConfigureAwait(false);
            shelf.Add(lsn);
            WalLog.SnapshotTaken(
                _core.Logger, _core.Name, name, new Lsn(lsn), bytes, _core.Environment.Time.GetElapsedTime(start));
        }
        catch
        {
            writer?.Dispose();
            await DiscardAsync(lsn, temporary).ConfigureAwait(false);
            throw;
        }
        finally
        {
            writer?.Dispose();
        }
    }

    // Alone: nothing of it reaches into the time of the directory's next owner.
    private void Publish(ulong lsn, string temporary)
    {
        if (_core.State.SettledLsn < lsn)
        {
            // WHY NOT SyncAsync: it would take away the one report of buffered records that were dropped.
            _control.SyncWritten();
        }

        _core.ThrowIfPoisoned(outcomeUnknown: false);
        _files.PublishOther(temporary, SnapshotName.Of(lsn, name));
    }

    // Whether it has its name by now or not: nothing rests on it yet.
    private async Task DiscardAsync(ulong lsn, string temporary)
    {
        try
        {
            await _control.AloneAsync(() =>
                _files.TryDelete(temporary) | _files.TryDelete(SnapshotName.Of(lsn, name))).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The log has been closed: the next open deletes it.
        }
    }

    // Steps 4 to 6; again after a failure in between, also when nothing new has been applied.
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        bool isFull = !await TryMarkAsync(cancellationToken).ConfigureAwait(false);

        if (shelf.DeleteSurplus(options.Keep) is { } failure)
        {
            WalLog.SnapshotNotDeleted(_core.Logger, _core.Name, name, failure);
        }

        // With fewer snapshots the log from its beginning stands in for a damaged one. But a full log would stay
        // full for ever: nothing more is applied that would bring the next snapshot.
        if (shelf.Count >= options.Keep || isFull || _core.Full.IsFull)
        {
            _core.Holds.Set(HolderOf(name), shelf.Oldest);
            await wal.TruncateAsync(new Lsn(shelf.Oldest), cancellationToken).ConfigureAwait(false);
        }

        if (isFull && !await TryMarkAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new WalFullException("There is no room for the marker of a checkpoint.");
        }
    }

    /// <returns>Whether there is room for the marker.</returns>
    private async Task<bool> TryMarkAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (wal.Status.CheckpointLsn.Value < shelf.Newest)
            {
                await wal.CheckpointAsync(new Lsn(shelf.Newest), cancellationToken).ConfigureAwait(false);
            }

            return true;
        }
        catch (WalFullException)
        {
            return false;
        }
    }

    private SnapshotHeader HeaderOf(ulong lsn)
    {
        byte[] salt = new byte[SnapshotHeader.SaltBytes];
        _core.Environment.FillRandom(salt);
        return new SnapshotHeader
        {
            Flags = options.Compression == SnapshotCompression.Brotli ? SnapshotFlags.Brotli : SnapshotFlags.None,
            LogId = _core.Environment.LogId,
            Generation = _core.Environment.Generation,
            Lsn = lsn,
            Created = _core.Environment.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Salt = salt,
            Machine = name,
        };
    }
}
