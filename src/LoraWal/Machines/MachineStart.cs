using LoraWal.Diagnostics;
using LoraWal.Log;
using LoraWal.Segments;
using LoraWal.Snapshots;
using LoraWal.Storage;

namespace LoraWal.Machines;

/// <summary>Brings a machine back: the newest snapshot that is whole, then the records above it.</summary>
// ORDER:
//   1. the name is taken, nothing may be truncated       before anything is looked at
//   2. the snapshots, newest first, until one loads      each is checked whole before the machine sees a byte of it
//   3. the log must begin at or below it                 or records between would be missing
//   4. the records above it                              by the path that goes on live
internal sealed class MachineStart(
    Wal wal, IWalStateMachine machine, string name, SnapshotOptions options, Action<double>? progress)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);

    private readonly LogCore _core = wal.Parts.Core;
    private readonly IStorage _storage = wal.Parts.Environment.Storage;

    /// <summary>Starts the machine.</summary>
    public async Task<MachineHandle> RunAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TakeName();
        try
        {
            await wal.Parts.Control.AloneAsync(() =>
            {
                _core.Holds.Set(SnapshotTaker.HolderOf(name), 0);
                return true;
            }).ConfigureAwait(false);
            var shelf = new SnapshotShelf(_storage, name);
            ulong loaded = await LoadAsync(shelf, cancellationToken).ConfigureAwait(false);
            if (shelf.Count >= options.Keep)
            {
                _core.Holds.Set(SnapshotTaker.HolderOf(name), shelf.Oldest);
            }

            var runner = new MachineRunner(
                _core, _storage, (machine, name), options.ApplyWhen, loaded, new SnapshotSchedule(options));
            try
            {
                await ReplayAsync(runner, loaded, cancellationToken).ConfigureAwait(false);
                var taker = new SnapshotTaker(wal, machine, name, options, runner, shelf);
                return new MachineHandle(wal, name, options, runner, taker);
            }
            catch
            {
                runner.Dispose();
                throw;
            }
        }
        catch
        {
            MachineHandle.GiveName(_core, name);
            throw;
        }
    }

    private void TakeName()
    {
        lock (_core.MachineNames)
        {
            if (!_core.MachineNames.Add(name))
            {
                throw new InvalidOperationException(
                    $"The log '{_core.Name}' has a state machine '{name}' already. Give each machine a name of its "
                    + "own: its snapshots are named after it.");
            }
        }
    }

    private async Task<ulong> LoadAsync(SnapshotShelf shelf, CancellationToken cancellationToken)
    {
        ulong loaded = 0;
        bool isSpoiled = false;
        foreach (ulong lsn in shelf.Good)
        {
            (string? problem, bool hasTouched) = await TryLoadAsync(lsn, cancellationToken).ConfigureAwait(false);
            if (problem is null)
            {
                shelf.Add(lsn);
                loaded = lsn;
                isSpoiled = false; // loading replaces the whole state
                break;
            }

            WalLog.SnapshotDamaged(_core.Logger, _core.Name, name, problem);
            shelf.Reject(lsn);
            isSpoiled |= hasTouched;
        }

        CheckGap(loaded, shelf);
        WarnIfOlder(loaded, shelf);
        return isSpoiled
            ? throw new WalSnapshotException(
                _storage.DirectoryPath,
                Lsn.None,
                $"A snapshot of the state machine '{name}' became unreadable while it was loaded, and there is no "
                + "other. Start again: the log still has every record.")
            : loaded;
    }

    /// <summary>Checks a snapshot, and loads it.</summary>
    /// <returns>What is wrong with it, and whether the machine has seen some of it.</returns>
    private async Task<(string? Problem, bool HasTouched)> TryLoadAsync(ulong lsn, CancellationToken cancellationToken)
    {
        long start = _core.Environment.Time.GetTimestamp();
        SnapshotReader reader;
        try
        {
            reader = await Background.RunAsync(
                _core.Environment.Work,
                "lorawal-verify",
                () => OpenVerified(lsn, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception damaged) when (damaged is SnapshotDamagedException or StorageException)
        {
            return (damaged.Message, false);
        }

        using (reader)
        {
            string path = Path.Combine(_storage.DirectoryPath, SnapshotName.Of(lsn, name));
            try
            {
                Stream payload = reader.OpenPayload();
                await using (payload.ConfigureAwait(false))
                {
                    await machine.LoadAsync(payload, new Lsn(lsn), cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception damaged) when (reader.IsDamaged)
            {
                return (damaged.Message, true);
            }
            catch (Exception refused) when (
                !(refused is OperationCanceledException && cancellationToken.IsCancellationRequested))
            {
                throw new WalSnapshotException(
                    path,
                    new Lsn(lsn),
                    $"The state machine '{name}' could not load the snapshot '{path}', every byte of which is as it "
                    + $"was written: {refused.Message} Correct the machine's LoadAsync, or move the snapshot away.",
                    refused);
            }

            long bytes = SnapshotHeader.Bytes + reader.Header.StoredBytes;
            WalLog.SnapshotLoaded(
                _core.Logger, _core.Name, name, new Lsn(lsn), bytes, _core.Environment.Time.GetElapsedTime(start));
            return (reader.IsDamaged ? $"'{path}' became unreadable while it was loaded." : null, true);
        }
    }

    private SnapshotReader OpenVerified(ulong lsn, CancellationToken cancellationToken)
    {
        SnapshotReader reader = SnapshotReader.Open(
            _storage, lsn, name, _core.Environment.LogId, options.EncryptionKey);
        try
        {
            reader.Verify(cancellationToken);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private void CheckGap(ulong loaded, SnapshotShelf shelf)
    {
        SegmentCatalog.Summary log = _core.Catalog.Now;
        if (loaded >= log.BeforeOldestLsn)
        {
            return;
        }

        string held = loaded == 0
            ? $"The state machine '{name}' has no snapshot that can be loaded"
            : $"The newest snapshot of the state machine '{name}' that can be loaded covers LSN {loaded}";
        string damaged = shelf.RejectedCount == 0 ? "" : $" ({shelf.RejectedCount} damaged)";
        throw new WalSnapshotException(
            loaded == 0
                ? _storage.DirectoryPath
                : Path.Combine(_storage.DirectoryPath, SnapshotName.Of(loaded, name)),
            new Lsn(loaded),
            $"{held}{damaged}, but the log '{_core.Name}' begins at LSN {log.OldestLsn}: the records between are gone. "
            + "Put back a newer snapshot, or an older copy of the log.",
            new WalTruncatedException(new Lsn(loaded), new Lsn(log.OldestLsn)));
    }

    // The marker tells the newest of all machines: one that another machine's snapshot accounts for says nothing here.
    private void WarnIfOlder(ulong loaded, SnapshotShelf shelf)
    {
        ulong marker = wal.Recovery.CheckpointLsn.Value;
        ulong others = SnapshotName.GreatestLsn(shelf.Names.Where(file =>
            SnapshotName.TryParse(file, out _, out string owner) && owner != name));
        if (loaded < marker && others < marker)
        {
            WalLog.OlderSnapshot(_core.Logger, _core.Name, new Lsn(loaded), new Lsn(marker));
        }
    }

    private async Task ReplayAsync(MachineRunner runner, ulong after, CancellationToken cancellationToken)
    {
        TimeProvider time = _core.Environment.Time;
        long start = time.GetTimestamp();
        long reported = start;
        ulong upTo = _core.State.WrittenLsn;
        WalLog.MachineReplays(_core.Logger, _core.Name, name, new Lsn(after), new Lsn(upTo));
        await Background.RunAsync(_core.Environment.Work, "lorawal-replay", () =>
        {
            runner.Replay(
                applied =>
                {
                    progress?.Invoke(upTo <= after ? 1 : Math.Min(1, (applied - after) / (double)(upTo - after)));
                    if (time.GetElapsedTime(reported) >= ReportInterval)
                    {
                        reported = time.GetTimestamp();
                        WalLog.MachineProgress(_core.Logger, _core.Name, name, new Lsn(applied), new Lsn(upTo));
                    }
                },
                cancellationToken);
            return true;
        }).ConfigureAwait(false);
        progress?.Invoke(1);
        WalLog.MachineReady(
            _core.Logger, _core.Name, name, new Lsn(runner.Waiters.Applied), time.GetElapsedTime(start));
    }
}
