using LoraWal.TestSupport;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Promises;

/// <summary>The promises one by one, P8 to P13; each test has been seen to fail with its promise broken.</summary>
public class LaterPromiseTests
{
    private readonly TestLog _log = new(seed: 12);

    [Fact]
    public async Task P8_Of_a_failing_batch_only_what_was_handed_to_a_write_is_in_doubt()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 1);
        DiskGate gate = new();
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Sync, FaultAction.Block(gate))
            .On(DiskOperationKind.Write, FaultAction.PartialThenFail(100), nth: 2).Decide;

        Task<Lsn> leader = Task.Run(() => wal.Append(Payload(2), 2));
        await gate.Entered;
        Task<Lsn> handed = wal.AppendAsync(Payload(3, 20_000), 3).AsTask();
        Task<Lsn> withIt = wal.AppendAsync(Payload(4, 20_000), 4).AsTask();
        Task<Lsn> never = wal.AppendAsync(Payload(5, 40_000), 5).AsTask();
        gate.Release();
        Assert.Equal(new Lsn(2), await leader);
        _log.Work.RunAll();

        Assert.True((await Assert.ThrowsAsync<WalPoisonedException>(() => handed)).OutcomeUnknown);
        Assert.True((await Assert.ThrowsAsync<WalPoisonedException>(() => withIt)).OutcomeUnknown);
        Assert.False((await Assert.ThrowsAsync<WalPoisonedException>(() => never)).OutcomeUnknown);
        Assert.False(Assert.Throws<WalPoisonedException>(() => wal.Append([1])).OutcomeUnknown);
        Assert.Equal(Numbered(1, 2), _log.Fork().ReopenAndRead());
    }

    [Fact]
    public void P8_A_durable_wait_on_a_written_record_is_in_doubt_when_its_sync_fails()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 1);
        Task wait = wal.WaitForDurableAsync(new Lsn(1)).AsTask();
        _log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync()).Decide;

        Assert.False(wal.FlushTick());

        Assert.True(Assert.Throws<WalPoisonedException>(() => _log.Finish(new ValueTask(wait))).OutcomeUnknown);
        Assert.False(Assert.Throws<WalPoisonedException>(() => wal.Append([1])).OutcomeUnknown);
    }

    [Fact]
    public async Task P8_A_wait_cancelled_after_the_lsn_says_so_and_the_record_is_written_all_the_same()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        DiskGate gate = new();
        _log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.Block(gate)).Decide;
        Task<Lsn> leader = Task.Run(() => wal.Append(Payload(1), 1));
        await gate.Entered;
        using CancellationTokenSource patience = new();
        Task<Lsn> waiting = wal.AppendAsync(Payload(2), 2, cancellationToken: patience.Token).AsTask();

        await patience.CancelAsync();

        WalWaitCanceledException cancelled = await Assert.ThrowsAsync<WalWaitCanceledException>(() => waiting);
        Assert.Equal((new Lsn(2), true), (cancelled.Lsn, cancelled.OutcomeUnknown));
        gate.Release();
        await leader;
        _log.Work.RunAll();
        wal.AppendMany(3, 3);
        _log.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Numbered(1, 3), _log.ReopenAndRead());
    }

    [Fact]
    public async Task P8_An_append_cancelled_while_it_waits_for_room_never_appears()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        _log.Options.MaxTransactionBytes = 1000;
        _log.Options.MaxPendingBytes = 1000;
        Wal wal = _log.Open();
        DiskGate gate = new();
        _log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.Block(gate)).Decide;
        Task<Lsn> leader = Task.Run(() => wal.Append(Payload(1, 900), 1));
        await gate.Entered;
        Task<Lsn> fits = wal.AppendAsync(Payload(2, 900), 2).AsTask();
        using CancellationTokenSource patience = new();
        Task<Lsn> cramped = wal.AppendAsync(new byte[900], 9, cancellationToken: patience.Token).AsTask();
        Task<Lsn> behind = wal.AppendAsync(Payload(3, 900), 3).AsTask();

        await patience.CancelAsync();

        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cramped);
        Assert.IsNotType<WalWaitCanceledException>(cancelled);
        Assert.Equal(patience.Token, cancelled.CancellationToken);
        gate.Release();
        Assert.Equal(new Lsn(1), await leader);
        _log.Work.RunAll();
        Assert.Equal((new Lsn(2), new Lsn(3)), (await fits, await behind));
        _log.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Numbered(1, 3, 900), _log.ReopenAndRead());
    }

    [Fact]
    public void P9_A_full_disk_refuses_without_a_byte_and_heals_after_a_second()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 1, 30_000);
        _log.Disk.CapacityBytes = 65536;
        wal.AppendMany(2, 3, 20, AppendDurability.Buffered);
        long next = _log.Disk.Counters.Writes;

        Assert.Throws<WalFullException>(() => wal.Append(Payload(4, 30_000), 4));

        Assert.Equal(WalState.Full, wal.Status.State);
        Assert.Null(wal.Status.Fault);
        int written = (int)wal.Status.WrittenLsn.Value;
        Assert.Equal(new Lsn((ulong)written + 1), wal.Status.NextLsn);
        byte[] bytes = _log.Disk.ReadAll("0000000001.wal");
        _log.Disk.CapacityBytes = null;
        Assert.Throws<WalFullException>(() => wal.Append([1]));
        Assert.Equal(bytes, _log.Disk.ReadAll("0000000001.wal"));
        _log.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Throws<WalFullException>(() => wal.Append([1]));
        _log.Time.Advance(TimeSpan.FromMilliseconds(1));

        List<string> before = wal.Read(new WalReadOptions(IncludeNotDurable: true));
        Assert.Equal(written, before.Count);
        Assert.Equal(new Lsn((ulong)written + 1), wal.Append(Payload(9, 30_000), 9));
        Assert.Equal(WalState.Running, wal.Status.State);
        Assert.InRange(_log.Disk.Counters.Writes, next + 1, next + 100);
    }

    [Fact]
    public void P9_A_full_log_heals_after_a_truncation_and_its_lsns_stay_dense()
    {
        _log.Options.MaxLogBytes = 3 * 65536;
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        int number = 0;
        WalFullException? full = null;
        while (full is null)
        {
            try
            {
                wal.Append(Payload(number + 1, 10_000), (ushort)(number + 1));
                number++;
            }
            catch (WalFullException failure)
            {
                full = failure;
            }
        }

        Assert.Contains("MaxLogBytes", full.Message, StringComparison.Ordinal);
        Assert.Equal((3, WalState.Full), (wal.Status.SegmentCount, wal.Status.State));
        Assert.Equal(new Lsn((ulong)number + 1), wal.Status.NextLsn);
        Assert.Throws<WalFullException>(() => wal.Append([1]));

        TruncateResult truncated = _log.Finish(wal.TruncateAsync(new Lsn((ulong)number)));
        Assert.Equal(2, truncated.SegmentsDeleted);
        wal.AppendMany(number + 1, number + 8, 10_000);

        Assert.Equal(WalState.Running, wal.Status.State);
        _log.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Numbered((int)truncated.OldestLsn.Value, number + 8, 10_000), _log.ReopenAndRead());
    }

    [Fact]
    public void P9_Buffered_records_that_found_no_space_are_told_of_and_leave_no_gap()
    {
        _log.Options.MaxLogBytes = 2 * 65536;
        Wal wal = _log.Open();
        wal.AppendMany(1, 100, 1000);
        wal.AppendMany(101, 130, 1000, AppendDurability.Buffered);
        wal.FlushTick();

        Assert.Equal(WalState.Full, wal.Status.State);
        ulong written = wal.Status.WrittenLsn.Value;
        Assert.Equal(written + 1, wal.Status.NextLsn.Value);
        Assert.Throws<WalFullException>(() => _log.Finish(wal.WaitForDurableAsync(new Lsn(130))));
        Assert.Throws<WalFullException>(() => _log.Sync(wal)); // told once
        _log.Finish(wal.TruncateAsync(new Lsn(50)));
        _log.Sync(wal);
        Assert.Equal(Numbered(1, (int)written, 1000).TakeLast(20), wal.Read().TakeLast(20));
    }

    [Fact]
    public void P10_A_second_owner_is_refused_and_told_who_the_first_one_is()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 1);

        WalInUseException refused = Assert.Throws<WalInUseException>(() => _log.Open());

        Assert.Equal(System.Environment.ProcessId, refused.ProcessId);
        Assert.Equal(System.Environment.MachineName, refused.Host);
        Assert.Equal(_log.Time.GetUtcNow(), refused.Since);
        wal.AppendMany(2, 2);
        _log.Close(wal);
        Assert.Equal(Numbered(1, 2), _log.Open().Read());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void P11_A_crash_at_any_call_of_a_whole_life_opens(bool isDurable)
    {
        AppendDurability need = isDurable ? AppendDurability.Durable : AppendDurability.Written;
        int calls = CrashSweep.Run(new SimulatedDisk(), 12_000, (log, progress) =>
        {
            Wal wal = log.Open();
            progress.Append(wal, 6, 12_000, need);
            log.Sync(wal);
            progress.Durable = 6;
            log.Finish(wal.CheckpointAsync(new Lsn(5)));
            progress.Truncated = 5;
            log.Finish(wal.TruncateAsync(new Lsn(5)));
            progress.Append(wal, 7, 12_000, need);
            log.Close(wal);
            progress.Durable = 7;
            Wal again = log.Open();
            progress.Append(again, 8, 12_000, need);
            again.FlushTick();
        });
        Assert.InRange(calls, 80, 400);
    }

    [Fact]
    public void P11_A_crash_at_any_call_of_a_recovery_opens_and_loses_nothing()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 30, 1000);
        _log.Sync(wal);
        wal.AppendMany(31, 80, 1000);
        _log.Kill();
        _log.Disk.Damage.ZeroRange("0000000002.wal", 4096 + (20 * 1032), 600);

        CrashSweep.Run(_log.Disk, 1000, (log, progress) =>
        {
            (progress.Tried, progress.Written, progress.Durable) = (80, 75, 55); // 55: the rotation synced them
            Wal again = log.Open();
            Assert.Equal(TailVerdict.Torn, again.Recovery.Verdict);
        });
    }

    [Fact]
    public void P12_What_survives_in_the_page_cache_after_a_failed_sync_is_written_anew()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            TestLog log = new(seed);
            Wal wal = log.Open();
            wal.AppendMany(1, 10, 700);
            log.Sync(wal);
            wal.AppendMany(11, 30, 700);
            log.Disk.Faults = new FaultPlan()
                .On(DiskOperationKind.Sync, FaultAction.FailSync(SyncFailure.KeepCache)).Decide;
            Assert.Throws<WalPoisonedException>(() => log.Sync(wal));
            log.Kill();
            log.Disk.Faults = null;

            Wal again = log.Open();
            List<string> reported = again.Read();
            Assert.Equal(Numbered(1, 30, 700), reported);
            log.PowerCut(CrashStyle.Nothing);
            Assert.Equal(reported, log.ReopenAndRead());
        }
    }

    [Fact]
    public void P13_Lsns_go_on_above_the_fence_in_an_empty_and_in_a_shorter_log()
    {
        _log.Options.ReplayAfter = new Lsn(500);
        Wal wal = _log.Open();
        Assert.Equal(new Lsn(501), wal.Status.NextLsn);
        wal.AppendMany(501, 510);
        _log.Sync(wal);
        _log.Kill();

        _log.Options.ReplayAfter = new Lsn(1000);
        Wal second = _log.Open();
        Assert.Equal(new Lsn(1001), second.Status.NextLsn);
        second.AppendMany(1001, 1010);
        _log.Sync(second);
        _log.PowerCut(CrashStyle.Nothing);

        _log.Options.ReplayAfter = new Lsn(7);
        Wal third = _log.Open();
        Assert.Equal(new Lsn(1011), third.Status.NextLsn);
        Assert.Equal([.. Numbered(501, 510), .. Numbered(1001, 1010)], third.Read());
        Assert.Equal(Numbered(1001, 1010), third.Read(new WalReadOptions(After: new Lsn(1000))));
    }
}
