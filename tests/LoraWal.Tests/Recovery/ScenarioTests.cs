using LoraWal.Segments;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Recovery;

/// <summary>Scenarios that broke earlier designs, by their number in the list of the simulator.</summary>
public class ScenarioTests
{
    private const string First = "0000000001.wal";

    private readonly TestLog _log = new(seed: 31);

    [Fact]
    public void Scenario_01_A_power_cut_between_the_open_marker_and_its_sync_leaves_a_log_that_opens()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 40, 500);
        _log.Kill();
        CrashSweep.Run(_log.Disk, 500, (log, progress) =>
        {
            (progress.Tried, progress.Written) = (40, 40);
            log.Open();
            progress.Durable = 40;
        });
    }

    [Fact]
    public void Scenario_02_An_empty_last_segment_after_a_truncation_keeps_the_lsns()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 54, 1000);
        _log.Sync(wal);
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Write, FaultAction.Crash(CrashPhase.Before), name: "0000000002.wal").Decide;
        Assert.ThrowsAny<Exception>(() => wal.AppendMany(55, 70, 1000));
        _log.PowerCut(CrashStyle.Everything);
        _log.Disk.Faults = null;

        Wal again = _log.Open();
        int last = (int)again.Recovery.LastLsn.Value;
        Assert.Equal((2, 2L), (again.Status.SegmentCount, again.Status.ActiveSegmentId));
        Assert.Equal(1, _log.Finish(again.TruncateAsync(new Lsn((ulong)last))).SegmentsDeleted);
        _log.PowerCut(CrashStyle.Nothing);

        Wal third = _log.Open();
        Assert.Equal(new Lsn((ulong)last + 1), third.Status.NextLsn);
        third.AppendMany(last + 1, last + 3);
        _log.Sync(third);
        Assert.Equal(Numbered(last + 1, last + 3), third.Read());
    }

    [Fact]
    public void Scenario_04_A_crash_at_any_call_of_a_truncation_leaves_no_gap_that_matters()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        _log.Kill();
        CrashSweep.Run(_log.Disk, 1000, (log, progress) =>
        {
            (progress.Tried, progress.Written, progress.Durable) = (200, 200, 200);
            Wal again = log.Open();
            progress.Truncated = 170;
            log.Finish(again.TruncateAsync(new Lsn(170)));
        });
    }

    [Fact]
    public void Scenario_04_What_lies_below_a_gap_after_a_truncation_is_deleted_and_never_read()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        byte[] first = _log.Disk.ReadAll(First);
        TruncateResult truncated = _log.Finish(wal.TruncateAsync(new Lsn(170)));
        Assert.Equal(3, truncated.SegmentsDeleted);
        _log.Kill();
        _log.Disk.Damage.WriteAll(First, first); // its unlink alone never reached the disk

        Wal again = _log.Open();

        Assert.InRange(again.Recovery.LeftoversDeleted, 1, 2); // and a segment that was being prepared
        Assert.DoesNotContain(First, _log.Disk.DurableNames);
        Assert.Equal(Numbered((int)truncated.OldestLsn.Value, 200, 1000), again.Read());
    }

    [Fact]
    public void Scenario_05_A_fence_jump_is_no_lost_range_when_the_log_is_opened_without_the_fence()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 5);
        _log.Close(wal);
        _log.Options.ReplayAfter = new Lsn(1000);
        Wal second = _log.Open();
        second.AppendMany(1001, 1003);
        _log.Close(second);
        _log.Options.ReplayAfter = Lsn.None;

        Wal third = _log.Open();

        Assert.Equal(TailVerdict.Clean, third.Recovery.Verdict);
        Assert.Equal([.. Numbered(1, 5), .. Numbered(1001, 1003)], third.Read());
        Assert.Equal(new Lsn(1004), third.Status.NextLsn);
    }

    [Fact]
    public void Scenario_05_A_fence_jump_survives_a_crash_at_any_call_and_a_full_disk_never_fails_the_open()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 5);
        _log.Close(wal);
        _log.Disk.CapacityBytes = 65536;
        _log.Options.ReplayAfter = new Lsn(1000);

        Wal second = _log.Open();
        Assert.Throws<WalFullException>(() => second.Append(Payload(1001), 1001));
        Assert.Equal(new Lsn(1001), second.Status.NextLsn);
        _log.Disk.CapacityBytes = null;
        _log.Time.Advance(TimeSpan.FromSeconds(1));
        second.AppendMany(1001, 1001);
        Assert.Equal([.. Numbered(1, 5), .. Numbered(1001, 1001)], _log.Fork().ReopenAndRead());
    }

    [Fact]
    public void Scenario_09_A_close_marker_that_only_the_cache_has_hides_no_hole()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            TestLog log = new(seed);
            Wal wal = log.Open();
            wal.AppendMany(1, 9, 700);
            log.Sync(wal);
            log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync()).Decide;
            Assert.Throws<WalPoisonedException>(() => log.Close(wal)); // nothing was left but the marker
            log.Kill();
            log.Disk.Faults = null;

            Wal again = log.Open();
            Assert.Equal(TailVerdict.Clean, again.Recovery.Verdict);
            again.AppendMany(10, 12, 700);
            log.Sync(again);
            log.PowerCut(CrashStyle.Nothing);
            Assert.Equal(Numbered(1, 12, 700), log.ReopenAndRead());
        }
    }

    [Fact]
    public void Scenario_11_A_seal_that_never_reached_the_disk_is_written_again_before_anything_rests_on_it()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 55, 1000);
        int seals = 0;
        _log.Disk.Faults = operation => operation.Kind == DiskOperationKind.Write && operation.Name == First
            && operation.Length == 40 && seals++ == 0
            ? FaultAction.Crash(CrashPhase.After)
            : FaultAction.None;
        Assert.ThrowsAny<Exception>(() => wal.AppendMany(56, 60, 1000));
        _log.PowerCut(CrashStyle.Nothing);
        _log.Disk.Faults = null;
        Assert.Contains("0000000002.wal", _log.Disk.Names);

        Wal again = _log.Open();
        again.AppendMany(56, 60, 1000);
        _log.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Numbered(1, 60, 1000), _log.Fork().ReopenAndRead());
        _log.Disk.Damage.DeleteFile("0000000002.wal");
        Assert.Throws<WalCorruptException>(() => _log.Open());
    }

    [Fact]
    public void Scenario_11_A_seal_that_is_written_again_keeps_its_bytes_so_that_a_reader_never_misses_it()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 60, 1000);
        Assert.Equal(2, wal.Status.SegmentCount);
        _log.Kill(); // nothing in the second segment is promised, so the first is sealed again
        byte[] sealedSegment = _log.Disk.ReadAll(First);
        int seals = 0;
        _log.Disk.Faults = operation =>
        {
            seals += operation.Kind == DiskOperationKind.Write && operation.Name == First && operation.Length == 40
                ? 1
                : 0;
            Assert.Equal(sealedSegment, _log.Disk.ReadAll(First));
            return FaultAction.None;
        };
        _log.Time.Advance(TimeSpan.FromSeconds(5));

        _log.Open();

        Assert.Equal(1, seals);
        Assert.Equal(sealedSegment, _log.Disk.ReadAll(First));
    }

    [Fact]
    public void Scenario_12_The_evidence_of_a_second_torn_tail_does_not_overwrite_the_first()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        _log.Close(wal);
        List<string> kept = [];
        for (byte round = 1; round <= 3; round++)
        {
            _log.Disk.Damage.ZeroRange(First, 4096 + (3 * 56), 56 * 4);
            _log.Disk.Damage.Overwrite(First, 4096 + (3 * 56) + 100, [round]);
            kept.Add(_log.Open().Recovery.SetAsideAs!);
            _log.Kill();
        }

        Assert.Equal(["0000000001-4264.torn", "0000000001-4264+1.torn", "0000000001-4264+2.torn"], kept);
        Assert.Equal([1, 2, 3], kept.Select(name => (int)_log.Disk.ReadAllDurable(name)![^1]));
    }

    [Fact]
    public void A_disk_too_full_for_the_evidence_opens_and_says_that_it_was_not_kept()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        _log.Kill();
        _log.Disk.Damage.Overwrite(First, 5000, [1]);
        _log.Disk.CapacityBytes = 65536;

        Wal again = _log.Open();

        RecoveryReport report = again.Recovery;
        Assert.Equal((TailVerdict.Torn, (string?)null), (report.Verdict, report.SetAsideAs));
        Assert.Equal((First, 4264L, 5001L - 4264), (report.TornSegment, report.TornOffset, report.TornBytes));
        Assert.Equal([First], _log.Disk.Names);
        Assert.Equal(Numbered(1, 3), again.Read());
    }

    [Fact]
    public void Any_other_failure_to_keep_the_evidence_fails_the_open_and_zeroes_nothing()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        _log.Kill();
        _log.Disk.Damage.Overwrite(First, 5000, [1]);
        byte[] before = _log.Disk.ReadAll(First);
        foreach (DiskOperationKind kind in new[] { DiskOperationKind.Create, DiskOperationKind.Write,
            DiskOperationKind.Sync, DiskOperationKind.Rename, DiskOperationKind.SyncDirectory })
        {
            TestLog log = _log.Fork();
            log.Disk.Faults = new FaultPlan().On(kind, FaultAction.Fail()).Decide;
            Assert.Throws<LoraWal.Storage.StorageException>(() => log.Open());
            Assert.Equal(before, log.Disk.ReadAll(First));
            log.Disk.Faults = null;
            Wal again = log.Open();
            Assert.NotNull(again.Recovery.SetAsideAs);
            Assert.Equal(Numbered(1, 3), again.Read());
        }
    }

    [Fact]
    public void Opening_reads_headers_and_one_or_two_segments_whatever_the_size_of_the_log()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 1100, 1000);
        Assert.InRange(wal.Status.SegmentCount, 20, 30);
        _log.Close(wal);
        TestLog log = _log.Fork();
        log.Disk.Counters.KeepsTrace = true;

        log.Open();

        Assert.Single(log.Disk.Counters.Trace
            .Where(call => call.Kind == DiskOperationKind.Read && call.Offset >= SegmentLayout.HeaderBlockBytes)
            .Select(call => call.Name)
            .Distinct());
    }
}
