using LoraWal.TestSupport;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Promises;

/// <summary>The promises one by one, P1 to P7; each test has been seen to fail with its promise broken.</summary>
public class PromiseTests
{
    private const string First = "0000000001.wal";

    private readonly TestLog _log = new(seed: 11);

    [Fact]
    public void P1_A_commit_is_replayed_whole_or_not_at_all_wherever_its_write_was_cut()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        _log.Kill();
        const int FrameBytes = 32 + 8 + (10 * 28) + 0;
        for (int cut = 0; cut <= FrameBytes; cut++)
        {
            TestLog log = _log.Fork(cut);
            Wal again = log.Open();
            using WalBatch batch = Batch(4, 13);
            log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Write, FaultAction.PartialThenFail(cut)).Decide;
            Assert.Throws<WalPoisonedException>(() => log.Finish(again.CommitAsync(batch)));
            log.Kill();
            log.Disk.Faults = null;

            List<string> found = log.ReopenAndRead();
            Assert.True(found.Count is 3 or 13, $"{found.Count} records after {cut} bytes");
            Assert.Equal(Numbered(1, found.Count), found);
        }
    }

    [Fact]
    public void P1_A_commit_that_lost_any_of_its_sectors_is_replayed_whole_or_not_at_all()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            TestLog log = new(seed);
            Wal wal = log.Open();
            wal.AppendMany(1, 2, 400);
            log.Sync(wal);
            using WalBatch one = Batch(3, 7, 400);
            using WalBatch two = Batch(8, 12, 400);
            log.Finish(wal.CommitAsync(one));
            log.Finish(wal.CommitAsync(two));
            log.PowerCut();

            List<string> found = log.ReopenAndRead();
            Assert.True(found.Count is 2 or 7 or 12, $"seed {seed}: {found.Count} records");
            Assert.Equal(Numbered(1, found.Count, 400), found);
        }
    }

    [Fact]
    public void P2_Replay_yields_every_commit_in_order_with_dense_lsns_that_markers_do_not_consume()
    {
        int next = 1;
        for (int life = 0; life < 4; life++)
        {
            Wal wal = _log.Open();
            wal.AppendMany(next, next + 49, 500);
            using WalBatch batch = Batch(next + 50, next + 69, 500);
            Assert.Equal(new Lsn((ulong)next + 69), _log.Finish(wal.CommitAsync(batch)));
            wal.AppendMany(next + 70, next + 79, 500, AppendDurability.Buffered);
            _log.Finish(wal.CheckpointAsync(new Lsn((ulong)next)));
            wal.FlushTick();
            wal.FlushTick();
            using WalBatch empty = new();
            Assert.Equal(Lsn.None, _log.Finish(wal.CommitAsync(empty)));
            next += 80;
            wal.AppendMany(next, next, 500);
            next++;
            if (life % 2 == 0)
            {
                _log.Close(wal);
            }

            _log.Kill();
        }

        Assert.Equal(Numbered(1, next - 1, 500), _log.Open().Read());
    }

    [Fact]
    public void P3_A_completed_append_survives_a_kill()
    {
        Wal wal = _log.Open();
        for (int number = 1; number <= 150; number++)
        {
            wal.AppendMany(number, number, 1000);
            Assert.Equal(new Lsn((ulong)number), wal.Status.WrittenLsn);
            if (number % 10 == 0)
            {
                Assert.Equal(Numbered(1, number, 1000), _log.Fork(number).ReopenAndRead());
            }
        }
    }

    [Fact]
    public async Task P3_The_group_flusher_syncs_every_interval_so_a_power_cut_takes_no_more_than_one()
    {
        TestLog log = new(seed: 3) { StartsFlusher = true };
        Wal wal = log.Open();
        for (int round = 1; round <= 5; round++)
        {
            wal.AppendMany((round * 10) - 9, round * 10);
            long syncs = log.Disk.Counters.Syncs;
            log.Time.Advance(log.Options.GroupSyncInterval);
            await log.Disk.Counters.WaitForSyncAsync(syncs + 1);
            TestLog cut = log.Fork(round);
            cut.PowerCut(CrashStyle.Nothing);
            Assert.Equal(Numbered(1, round * 10), cut.ReopenAndRead());
            await wal.WaitForDurableAsync(new Lsn((ulong)round * 10));
        }
    }

    [Fact]
    public void P3_A_power_cut_takes_a_suffix_and_nothing_that_was_synced()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            TestLog log = new(seed);
            Wal wal = log.Open();
            wal.AppendMany(1, 20, 300);
            wal.FlushTick();
            wal.AppendMany(21, 40, 300);
            log.PowerCut();

            Wal again = log.Open();
            List<string> found = again.Read();
            Assert.InRange(found.Count, 20, 40);
            Assert.Equal(Numbered(1, found.Count, 300), found);
        }
    }

    [Fact]
    public void P3b_A_buffered_append_is_in_order_and_goes_out_with_the_tick_the_sync_or_the_next_stronger_append()
    {
        Action<TestLog, Wal>[] pushes =
        [
            (_, wal) => Assert.True(wal.FlushTick()),
            (log, wal) => Assert.Equal(new Lsn(5), log.Sync(wal)),
            (_, wal) => wal.AppendMany(6, 6),
            (_, wal) => wal.AppendMany(6, 6, durability: AppendDurability.Durable),
        ];
        foreach (Action<TestLog, Wal> push in pushes)
        {
            TestLog log = new(seed: 4);
            Wal wal = log.Open();
            long writes = log.Disk.Counters.Writes;
            wal.AppendMany(1, 5, durability: AppendDurability.Buffered);
            Assert.Equal((writes, Lsn.None, new Lsn(6)), (
                log.Disk.Counters.Writes, wal.Status.WrittenLsn, wal.Status.NextLsn));
            Assert.Empty(log.Fork().ReopenAndRead());

            push(log, wal);

            Assert.Equal(Numbered(1, (int)wal.Status.NextLsn.Value - 1), log.Fork().ReopenAndRead());
        }
    }

    [Theory]
    [InlineData(SyncMode.PerCommit)]
    [InlineData(SyncMode.GroupSync)]
    [InlineData(SyncMode.None)]
    public void P4_What_is_durable_survives_a_power_cut_data_length_and_name(SyncMode mode)
    {
        _log.Options.SyncMode = mode;
        Wal wal = _log.Open();
        for (int number = 1; number <= 130; number++)
        {
            if (mode == SyncMode.PerCommit)
            {
                wal.AppendMany(number, number, 1000);
            }
            else if (number % 2 == 0)
            {
                wal.AppendMany(number, number, 1000);
                Assert.Equal(new Lsn((ulong)number), _log.Sync(wal));
            }
            else
            {
                wal.AppendMany(number, number, 1000);
                Task wait = wal.WaitForDurableAsync(new Lsn((ulong)number)).AsTask();
                wal.FlushTick();
                _log.Finish(new ValueTask(wait));
                _log.Work.RunAll(); // a worker that was asked for is the leader: the next blocking call waits for it
            }

            Assert.Equal(new Lsn((ulong)number), wal.Status.DurableLsn);
            TestLog cut = _log.Fork(number);
            cut.PowerCut(CrashStyle.Nothing, DirectoryCrash.Subset);
            Assert.Equal(Numbered(1, number, 1000), cut.ReopenAndRead());
        }
    }

    [Fact]
    public void P5_Bytes_of_another_life_of_a_file_never_appear_as_records()
    {
        TestLog other = new(seed: 77);
        Wal theirs = other.Open();
        for (int number = 1; number <= 40; number++)
        {
            theirs.Append(Payload(number + 1000), 9);
        }

        Wal wal = _log.Open();
        wal.AppendMany(1, 10);
        _log.Kill();
        int end = 4096 + (10 * 56);
        byte[] stale = other.Disk.ReadAll(First)[end..];
        _log.Disk.Damage.Overwrite(First, end, stale);

        Wal again = _log.Open();

        Assert.Equal(TailVerdict.Torn, again.Recovery.Verdict);
        Assert.Equal(Numbered(1, 10), again.Read());
        again.AppendMany(11, 12);
        Assert.Equal(Numbered(1, 12), again.Read(new WalReadOptions(IncludeNotDurable: true)));
    }

    [Fact]
    public void P6_Damage_to_what_was_durable_is_refused_with_file_offset_and_lsn()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 10);
        _log.Sync(wal);
        wal.AppendMany(11, 11);
        _log.Kill();
        int place = 4096 + (4 * 56);
        _log.Disk.Damage.ZeroRange(First, place, 3 * 56);

        WalCorruptException refused = Assert.Throws<WalCorruptException>(() => _log.Open());

        Assert.EndsWith(First, refused.Path, StringComparison.Ordinal);
        Assert.Equal((place, new Lsn(5)), (refused.Offset, refused.Lsn));
        Assert.Contains("LSN 5", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void P6_Bytes_that_were_never_promised_are_set_aside_and_reported()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 10);
        _log.Sync(wal);
        wal.AppendMany(11, 13);
        _log.Kill();
        int place = 4096 + (11 * 56);
        byte[] tail = _log.Disk.ReadAll(First)[place..(place + (2 * 56))];
        _log.Disk.Damage.FlipBit(First, place + 40, 0);
        tail[40] ^= 1;

        Wal again = _log.Open();

        RecoveryReport report = again.Recovery;
        Assert.Equal((TailVerdict.Torn, First, place), (report.Verdict, report.TornSegment, report.TornOffset));
        Assert.Equal($"0000000001-{place}.torn", report.SetAsideAs);
        Assert.Equal(tail.AsSpan(0, (int)report.TornBytes).ToArray(), _log.Disk.ReadAllDurable(report.SetAsideAs!));
        Assert.Equal(-1, tail.AsSpan((int)report.TornBytes).IndexOfAnyExcept((byte)0));
        Assert.Equal(Numbered(1, 11), again.Read());
    }

    [Fact]
    public void P7_The_first_failure_closes_the_log_for_good_and_reading_goes_on()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 5);
        _log.Sync(wal);
        wal.AppendMany(6, 7);
        int syncs = 0;
        _log.Disk.Faults = operation =>
        {
            syncs += operation.Kind == DiskOperationKind.Sync ? 1 : 0;
            return operation.Kind == DiskOperationKind.Sync && syncs == 1
                ? FaultAction.FailSync()
                : FaultAction.None;
        };

        Assert.False(wal.FlushTick());
        Assert.Empty(_log.Work.Pending); // nobody has been asked to try again

        WalFault fault = wal.Status.Fault!;
        Assert.StartsWith("bg fsync failed: ", fault.Reason, StringComparison.Ordinal);
        Assert.Equal((WalState.Poisoned, new Lsn(5)), (wal.Status.State, fault.At));
        SpinWait.SpinUntil(() => wal.Poisoned.IsCancellationRequested);
        using WalBatch batch = Batch(8, 9);
        Assert.Same(fault, Assert.Throws<WalPoisonedException>(() => wal.Append([1])).Fault);
        Assert.Same(fault, Assert.Throws<WalPoisonedException>(() => _log.Finish(wal.CommitAsync(batch))).Fault);
        Assert.Same(fault, Assert.Throws<WalPoisonedException>(() => _log.Sync(wal)).Fault);
        Assert.Same(fault, Assert.Throws<WalPoisonedException>(
            () => _log.Finish(wal.WaitForDurableAsync(new Lsn(6)))).Fault);
        Assert.Same(fault, Assert.Throws<WalPoisonedException>(
            () => _log.Finish(wal.CheckpointAsync(new Lsn(1)))).Fault);
        Assert.False(wal.FlushTick());
        Assert.Equal(Numbered(1, 5), wal.Read());
        Assert.Equal(Numbered(1, 5), wal.Read(new WalReadOptions(IncludeNotDurable: true)));
        Assert.Throws<WalPoisonedException>(() => _log.Close(wal));
        Assert.Equal(1, syncs);
    }
}
