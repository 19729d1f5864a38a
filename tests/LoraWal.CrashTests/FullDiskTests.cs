using LoraWal.FaultProcess;

namespace LoraWal.CrashTests;

/// <summary>A real file system runs out of space.</summary>
public sealed class FullDiskTests
{
    private const int RecordBytes = 2000;

    public static TheoryData<string> Formats => ["ext4", "xfs", "btrfs"];

    [Theory] // 2; on btrfs see below
    [InlineData("ext4")]
    [InlineData("xfs")]
    public async Task A_full_disk_ends_in_WalFullException_and_the_log_goes_on_once_there_is_space(string format)
    {
        Deep.SkipUnlessPossible(LoopDisk.Instruments);
        using var disk = new LoopDisk(format);
        string ballast = Path.Combine(disk.MountPoint, "ballast");
        ulong last;
        var clock = new ManualClock();
        await using (Wal wal = await OpenAsync(disk.Log, clock))
        {
            Fill(ballast, leave: 1_500_000);
            last = await AppendUntilFullAsync(wal);
            Assert.Equal(WalState.Full, wal.Status.State);
            Assert.Equal(last, wal.Status.DurableLsn.Value);
            await Assert.ThrowsAsync<WalFullException>(() => AppendAsync(wal, last + 1));

            Free(ballast);
            clock.Advance(TimeSpan.FromSeconds(1));

            Assert.Equal(last + 1, await AppendAsync(wal, last + 1));
            Assert.Equal(WalState.Running, wal.Status.State);
            await wal.CloseAsync();
        }

        Deep.Figures($"full disk, {format}: LSN {last} when it was full");
        await Ledger.Of([$"OPEN {last + 1} 0"]).GoesOnAsync(disk.Log, powerCut: true);
    }

    [Theory] // 59
    [MemberData(nameof(Formats))]
    public async Task On_a_full_disk_a_log_is_opened_repaired_and_truncated_in_place(string format)
    {
        Deep.SkipUnlessPossible(LoopDisk.Instruments);
        using var disk = new LoopDisk(format);
        ulong last;
        await using (Wal wal = await OpenAsync(disk.Log, new ManualClock()))
        {
            for (last = 0; wal.Status.SegmentCount < 4; last++)
            {
                await AppendAsync(wal, last + 1);
            }
        }

        TearTail(disk.Log);
        string ballast = Path.Combine(disk.MountPoint, "ballast");
        Fill(ballast, leave: 0);
        if (format == "btrfs")
        {
            // It writes anew what is overwritten: on a disk that is full in earnest nothing at all can be repaired.
            IOException refused = await Assert.ThrowsAnyAsync<IOException>(
                async () => await OpenAsync(disk.Log, new ManualClock()));
            Assert.Contains("ENOSPC", refused.Message, StringComparison.Ordinal);
            Free(ballast);
        }

        await using (Wal wal = await OpenAsync(disk.Log, new ManualClock()))
        {
            Assert.Equal(TailVerdict.Torn, wal.Recovery.Verdict);
            Assert.Equal(last, wal.Recovery.LastLsn.Value);
            TruncateResult result = await wal.TruncateAsync(new Lsn(last));
            Assert.Equal(3, result.SegmentsDeleted);
            Assert.Null(result.FirstFailure);
            Assert.Equal(last + 1, await AppendAsync(wal, last + 1));
            await wal.CloseAsync();
        }

        await Ledger.Of([$"OPEN {last + 1} 0", $"FENCE {last}"]).CheckAsync(disk.Log, powerCut: true);
    }

    // btrfs writes anew what is overwritten: on a disk that is full in earnest, that finds no space although the
    // segment is all there. A write or a sync then fails, and the log must not go on as if nothing had happened.
    [Fact] // 3
    public async Task No_space_inside_a_segment_that_is_already_there_poisons_and_loses_nothing()
    {
        Deep.SkipUnlessPossible(LoopDisk.Instruments);
        using var disk = new LoopDisk("btrfs");
        string cause;
        ulong last = 0;
        await using (Wal wal = await OpenAsync(disk.Log, new ManualClock(), segmentBytes: 4 * 1024 * 1024))
        {
            last = await AppendAsync(wal, 1);
            Fill(Path.Combine(disk.MountPoint, "ballast"), leave: 0);
            WalPoisonedException poisoned = await Assert.ThrowsAsync<WalPoisonedException>(async () =>
            {
                while (true)
                {
                    last = await AppendAsync(wal, last + 1);
                }
            });
            Assert.True(poisoned.OutcomeUnknown);
            cause = poisoned.Fault.Reason;
            Assert.Contains("ENOSPC", cause, StringComparison.Ordinal);
        }

        Deep.Figures($"no space inside a segment on btrfs: LSN {last}, {cause}");
        Free(Path.Combine(disk.MountPoint, "ballast"));
        disk.Unmount();
        disk.Mount();
        var ledger = Ledger.Of([$"OPEN {last} 0", $"TRY {last + 1}"]);
        await ledger.GoesOnAsync(disk.Log, powerCut: true);
    }

    private static async Task<ulong> AppendUntilFullAsync(Wal wal)
    {
        ulong last = 0;
        try
        {
            while (true)
            {
                last = await AppendAsync(wal, last + 1);
            }
        }
        catch (WalFullException)
        {
            return last;
        }
    }

    private static async Task<ulong> AppendAsync(Wal wal, ulong lsn)
    {
        byte[] payload = Payload.Of(lsn, lsn, 1, RecordBytes, wal.Recovery.Generation);
        return (await wal.AppendAsync(payload, Payload.RecordType)).Value;
    }

    private static async Task<Wal> OpenAsync(
        string log, TimeProvider clock, long segmentBytes = WalOptions.MinSegmentTargetBytes) => await Wal.OpenAsync(
        new WalOptions
        {
            Directory = log,
            SegmentTargetBytes = segmentBytes,
            SyncMode = SyncMode.PerCommit,
            GroupSyncInterval = TimeSpan.FromMinutes(1),
        },
        clock);

    // What a crash leaves of a write: bytes behind the last frame that are none.
    private static void TearTail(string log)
    {
        string newest = Directory.GetFiles(log, "*.wal").Order().Last();
        byte[] bytes = File.ReadAllBytes(newest);
        int end = Array.FindLastIndex(bytes, one => one != 0) + 1;
        using FileStream file = File.OpenWrite(newest);
        file.Position = (end + 7) / 8 * 8;
        file.Write([.. Enumerable.Repeat((byte)0x5A, 100)]);
    }

    private static void Free(string ballast)
    {
        File.Delete(ballast);
        Shell.Run("sync", "--file-system", Path.GetDirectoryName(ballast)!); // btrfs frees space only then
    }

    // Takes all space but some; all of it, down to the last block, for 0.
    private static void Fill(string path, long leave)
    {
        byte[] block = new byte[64 * 1024];
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (leave == 0 || new DriveInfo(path).AvailableFreeSpace > leave)
            {
                file.Write(block);
            }

            Shell.Run("sync", "--file-system", path);
        }
        catch (IOException)
        {
            try
            {
                while (true)
                {
                    file.Write(block.AsSpan(0, 512));
                }
            }
            catch (IOException)
            {
                Shell.Try("sync", "--file-system", path);
            }
        }
    }
}
