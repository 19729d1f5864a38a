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
    private readonly SegmentFiles _files = wal.Parts.Control.Files;
    private volatile Exception? _failure;
    private volatile int _failures;

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
            runner.ThrowIfFailed();
            runner.Schedule.Restart();
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

    private static bool IsFailure(Exception failure, CancellationToken cancellationToken) =>
        failure is not WalStateMachineException
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
            if (_core.State.SettledLsn < lsn)
            {
                await wal.SyncAsync(cancellationToken).ConfigureAwait(false);
            }

            _core.ThrowIfPoisoned(outcomeUnknown: false);
            _files.PublishOther(temporary, SnapshotName.Of(lsn, name));
            shelf.Add(lsn);
            WalLog.SnapshotTaken(
                _core.Logger, _core.Name, name, new Lsn(lsn), bytes, _core.Environment.Time.GetElapsedTime(start));
        }
        catch
        {
            // Whether it has its name by now or not: nothing rests on it yet.
            writer?.Dispose();
            _files.TryDelete(temporary);
            _files.TryDelete(SnapshotName.Of(lsn, name));
            throw;
        }
        finally
        {
            writer?.Dispose();
        }
    }

    // Steps 4 to 6; again after a failure in between, also when nothing new has been applied.
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (wal.Status.CheckpointLsn.Value < shelf.Newest)
        {
            await wal.CheckpointAsync(new Lsn(shelf.Newest), cancellationToken).ConfigureAwait(false);
        }

        if (shelf.DeleteSurplus(options.Keep) is { } failure)
        {
            WalLog.SnapshotNotDeleted(_core.Logger, _core.Name, name, failure);
        }

        // With fewer snapshots the log from its beginning is what stands in for a damaged one.
        if (shelf.Count >= options.Keep)
        {
            _core.Holds.Set(HolderOf(name), shelf.Oldest);
            await wal.TruncateAsync(new Lsn(shelf.Oldest), cancellationToken).ConfigureAwait(false);
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
