using LoraWal.FaultProcess;

namespace LoraWal.CrashTests;

/// <summary>A real block device fails and heals, under real file systems.</summary>
public sealed class FailingDeviceTests
{
    private const int Rounds = 4;
    private const int Seed = 92_511;

    public static TheoryData<string> Formats => ["ext4", "xfs", "btrfs"];

    [Theory] // 1, 9, 25
    [MemberData(nameof(Formats))]
    public async Task After_a_failed_sync_what_the_next_open_returns_is_on_the_disk_and_not_only_in_the_cache(
        string format)
    {
        Deep.SkipUnlessPossible(NbdDisk.Instruments);
        var random = new Random(Seed);
        int inDoubt = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using var disk = new FailingDisk(format);
            ulong acknowledged = 0;
            await using (Wal wal = await OpenAsync(disk))
            {
                // Few, so that no next segment is made meanwhile; large, so that what opening writes behind them does
                // not bring their pages to the disk as well.
                while (acknowledged < 1 + ((ulong)round % 2))
                {
                    acknowledged = await AppendAsync(wal, acknowledged + 1, random.Next(3000, 4000));
                }

                Shell.Run("sync", "--file-system", disk.MountPoint);
                disk.FailWrites();
                WalPoisonedException poisoned = await Assert.ThrowsAsync<WalPoisonedException>(
                    () => AppendAsync(wal, acknowledged + 1, random.Next(3000, 4000)));
                Assert.True(poisoned.OutcomeUnknown);
                Assert.Contains("EIO", poisoned.Fault.Reason, StringComparison.Ordinal);
            }

            disk.Heal();
            ulong returned;
            using (FaultRun reopened = await FaultRun.Start("verify", disk.Log).ToEndAsync())
            {
                returned = ulong.Parse(reopened.Single("VERIFIED ").Split(' ')[2], null);
            }

            inDoubt += returned > acknowledged ? 1 : 0;
            disk.CutPower();

            var ledger = Ledger.Of([$"DURABLE {returned} 0", $"TRY {acknowledged + 1}"]);
            await ledger.GoesOnAsync(disk.Log, powerCut: true);
        }

        Deep.Figures($"failing device, {format}: {Rounds} rounds, in {inDoubt} the cache showed a record in doubt");
    }

    [Theory] // 11
    [MemberData(nameof(Formats))]
    public async Task A_write_error_that_the_kernel_meets_in_the_background_fails_the_next_sync(string format)
    {
        Deep.SkipUnlessPossible(NbdDisk.Instruments);
        using var disk = new FailingDisk(format);
        await using (Wal wal = await OpenAsync(disk))
        {
            await wal.AppendAsync(Payload.Of(1, 1, 1, 100, 1), Payload.RecordType, AppendDurability.Durable);
            await wal.AppendAsync(Payload.Of(2, 2, 1, 5000, 1), Payload.RecordType, AppendDurability.Written);
            disk.FailWrites();
            Shell.Try("sync", "--file-system", disk.MountPoint); // someone else is told first
            disk.Heal();

            WalPoisonedException poisoned =
                await Assert.ThrowsAsync<WalPoisonedException>(async () => await wal.SyncAsync());

            Assert.True(poisoned.OutcomeUnknown);
            Assert.Contains("fdatasync", poisoned.Fault.Reason, StringComparison.Ordinal);
            Assert.Equal(1ul, wal.Status.DurableLsn.Value);
        }

        disk.CutPower();
        var ledger = Ledger.Of(["TRY 1", "DURABLE 1 0", "TRY 2"]);
        await ledger.GoesOnAsync(disk.Log, powerCut: true);
    }

    [Theory] // 31
    [MemberData(nameof(Formats))]
    public async Task A_disk_that_cannot_be_read_refuses_and_changes_nothing_and_opens_once_it_can(string format)
    {
        Deep.SkipUnlessPossible(NbdDisk.Instruments);
        using var disk = new FailingDisk(format);
        using FaultRun writer = await FaultRun.Start("append", disk.Log, "300", "PerCommit").ToEndAsync();
        disk.Remount();
        _ = Directory.GetFiles(disk.Log).Sum(path => new FileInfo(path).Length); // names and sizes can be read

        disk.FailReads();
        IOException refused = await Assert.ThrowsAnyAsync<IOException>(async () => await OpenAsync(disk));
        disk.Heal();

        Assert.IsNotType<WalCorruptException>(refused);
        Assert.Contains("EIO", refused.Message, StringComparison.Ordinal);
        disk.Remount();
        await Ledger.Of(writer.Lines).GoesOnAsync(disk.Log, powerCut: true);
    }

    private static async Task<ulong> AppendAsync(Wal wal, ulong lsn, int bytes)
    {
        byte[] payload = Payload.Of(lsn, lsn, 1, bytes, wal.Recovery.Generation);
        return (await wal.AppendAsync(payload, Payload.RecordType, AppendDurability.Durable)).Value;
    }

    private static async Task<Wal> OpenAsync(FailingDisk disk) => await Wal.OpenAsync(new WalOptions
    {
        Directory = disk.Log,
        SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,
        GroupSyncInterval = TimeSpan.FromMinutes(1),
    });
}
