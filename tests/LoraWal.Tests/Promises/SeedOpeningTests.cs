using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Promises;

/// <summary>Where the system that LoraWal is modelled on never opens again, or lies about it.</summary>
public class SeedOpeningTests
{
    private readonly TestLog _log = new(seed: 1) { Options = { SyncMode = SyncMode.PerCommit } };

    [Fact]
    public void Seed_10_A_crash_at_any_call_of_the_very_first_open_opens() => Assert.InRange(
        CrashSweep.Run(new SimulatedDisk(), 20, (log, progress) =>
        {
            Wal wal = log.Open();
            progress.Append(wal, 2, 20, AppendDurability.Durable);
        }),
        20,
        100);

    [Fact]
    public void Seed_10_A_crash_at_any_call_of_a_rotation_opens()
    {
        Wal wal = _log.Open();
        wal.Append(Payload(1, 30_000), 1);
        _log.Kill();

        Assert.InRange(
            CrashSweep.Run(_log.Disk, 30_000, (log, progress) =>
            {
                progress.Tried = progress.Written = progress.Durable = 1;
                Wal again = log.Open();
                progress.Append(again, 2, 30_000, AppendDurability.Durable);
            }),
            40,
            200);
    }

    [Fact]
    public void Seed_10_A_crash_at_any_call_while_a_prepared_segment_is_used_opens()
    {
        Wal wal = _log.Open();
        wal.Append(Payload(1, 30_000), 1);
        _log.Kill();

        CrashSweep.Run(_log.Disk, 30_000, (log, progress) =>
        {
            progress.Tried = progress.Written = progress.Durable = 1;
            Wal again = log.Open();
            progress.Append(again, 2, 30_000, AppendDurability.Written);
            log.Work.RunAll();
            progress.Append(again, 3, 30_000, AppendDurability.Written);
            log.Sync(again);
            progress.Durable = 3;
        });
    }

    [Theory]
    [InlineData("urgent.wal.tmp", 3)]
    [InlineData("urgent.wal.tmp", 17)]
    public void Seed_11_No_space_for_the_next_segment_is_an_error_that_passes(string name, int nthWrite)
    {
        Wal wal = _log.Open();
        wal.Append(Payload(1, 30_000), 1);
        FaultPlan plan = new FaultPlan().On(DiskOperationKind.Write, FaultAction.Fail("ENOSPC"), nthWrite, name);
        _log.Disk.Faults = plan.Decide;

        Assert.Throws<WalFullException>(() => wal.Append(Payload(2, 30_000), 2));

        Assert.Equal(1, plan.Hits);
        Assert.Equal((WalState.Full, new Lsn(2)), (wal.Status.State, wal.Status.NextLsn));
        Assert.Equal(["0000000001.wal"], _log.Disk.Names);
        TestLog reopened = _log.Fork();
        Wal other = reopened.Open();
        other.Append(Payload(2, 30_000), 2);
        Assert.Equal(Numbered(1, 2, 30_000), other.Read());

        _log.Time.Advance(TimeSpan.FromSeconds(1));
        wal.AppendMany(2, 5, 30_000);
        Assert.Equal(WalState.Running, wal.Status.State);
        _log.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Numbered(1, 5, 30_000), _log.ReopenAndRead());
    }

    [Fact]
    public void Seed_11_A_full_disk_opens_and_takes_what_fits()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 10, 1000);
        _log.Disk.CapacityBytes = 65536;
        _log.Kill();

        Wal again = _log.Open();
        again.AppendMany(11, 20, 1000);
        Assert.Throws<WalFullException>(() => again.Append(new byte[60_000]));
        Assert.Equal(Numbered(1, 20, 1000), again.Read());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(64 * 1024 - 1)]
    [InlineData(-5)]
    public async Task Seed_12_A_segment_target_below_its_limit_is_refused_before_anything_happens(long target)
    {
        WalOptions options = new() { Directory = "never made", SegmentTargetBytes = target };

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(
            async () => await Wal.OpenAsync(options));

        Assert.Contains("SegmentTargetBytes", refused.Message, StringComparison.Ordinal);
        Assert.Contains(target.ToString(provider: null), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Seed_12_Any_payload_that_commits_replays()
    {
        byte[][] payloads =
        [
            [],
            new byte[70_000],
            [.. Enumerable.Repeat((byte)'[', 40_000)],
            Payload(4, 1024 * 1024),
            "LORAWAL\0\u0002\0\0\0"u8.ToArray(),
            [0],
        ];
        _log.Options.MaxTransactionBytes = 1024 * 1024;
        Wal wal = _log.Open();
        foreach (byte[] payload in payloads)
        {
            wal.Append(payload);
        }

        Assert.Throws<ArgumentException>(() => wal.Append(new byte[(1024 * 1024) + 1]));
        _log.PowerCut(CrashStyle.Nothing);

        Assert.Equal(
            payloads,
            _log.Open().ReadAsync().ToBlockingEnumerable().Select(transaction => transaction[0].Payload.ToArray()));
    }

    [Fact]
    public async Task Seed_17_Closing_ends_after_the_last_sync_and_the_lock()
    {
        _log.Options.SyncMode = SyncMode.GroupSync;
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        DiskGate gate = new();
        _log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.Block(gate)).Decide;

        Task closing = wal.DisposeAsync().AsTask();
        Task background = Task.Run(() =>
        {
            while (!closing.IsCompleted)
            {
                _log.Work.RunNext();
            }
        });
        await gate.Entered;
        Assert.False(closing.IsCompleted);
        Assert.Throws<WalInUseException>(() => _log.Open());
        gate.Release();
        await closing;
        await background;

        Wal again = _log.Open();
        Assert.Equal(TailVerdict.Clean, again.Recovery.Verdict);
        Assert.Equal(Numbered(1, 3), again.Read());
    }

    [Fact]
    public void Seed_17_What_goes_wrong_with_the_last_sync_is_thrown_and_the_lock_is_free()
    {
        for (int nth = 1; nth <= 2; nth++)
        {
            TestLog log = new(nth);
            Wal wal = log.Open();
            wal.AppendMany(1, 3);
            log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync(), nth).Decide;

            WalPoisonedException failure = Assert.Throws<WalPoisonedException>(() => log.Finish(wal.DisposeAsync()));

            Assert.Contains("EIO", failure.Fault.Reason, StringComparison.Ordinal);
            log.Disk.Faults = null;
            Assert.Equal(Numbered(1, 3), log.ReopenAndRead());
        }
    }

    [Fact]
    public void Seed_18_What_opening_reports_as_durable_has_been_synced()
    {
        _log.Options.SyncMode = SyncMode.None;
        Wal wal = _log.Open();
        wal.AppendMany(1, 100);
        Assert.Equal(Lsn.None, wal.Status.DurableLsn);
        _log.Kill();
        long syncs = _log.Disk.Counters.Syncs;

        Wal again = _log.Open();

        Assert.Equal((new Lsn(100), new Lsn(100)), (again.Status.DurableLsn, again.Recovery.LastLsn));
        Assert.InRange(_log.Disk.Counters.Syncs - syncs, 1, 10);
        _log.PowerCut(CrashStyle.Nothing, DirectoryCrash.Subset);
        Assert.Equal(Numbered(1, 100), _log.ReopenAndRead());
    }

    [Fact]
    public void Seed_18_A_sync_that_fails_while_opening_fails_the_open_and_the_next_one_starts_over()
    {
        _log.Options.SyncMode = SyncMode.None;
        Wal wal = _log.Open();
        wal.AppendMany(1, 100);
        _log.Kill();
        for (int nth = 1; nth <= 2; nth++)
        {
            TestLog log = _log.Fork(nth);
            log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync(), nth).Decide;
            Assert.Throws<StorageException>(() => log.Open());

            Assert.Equal(new Lsn(100), log.Open().Status.DurableLsn);
            log.PowerCut(CrashStyle.Nothing);
            Assert.Equal(Numbered(1, 100), log.ReopenAndRead());
        }
    }
}
