using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Reading;

/// <summary>What inspection and verification say of a log, and that opening agrees.</summary>
public class InspectionTests
{
    private const string First = "0000000001.wal";

    private readonly TestLog _log = new(seed: 43) { Options = { SyncMode = SyncMode.PerCommit } };

    [Fact]
    public void The_verdict_is_what_opening_then_reports_after_any_crash_of_a_life()
    {
        int compared = 0;
        int seed = 0;
        for (int nth = 1; ; nth += 3)
        {
            TestLog log = new(nth);
            log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, (CrashPhase)(nth % 3)).Decide;
            try
            {
                Wal wal = log.Open();
                wal.AppendMany(1, 130, 1000);
                log.Finish(wal.TruncateAsync(log.Sync(wal)));
                wal.AppendMany(131, 140, 1000);
                log.Close(wal);
            }
            catch (Exception) when (log.Disk.IsCrashed)
            {
                // whatever it was: the machine has stopped
            }

            bool isDone = !log.Disk.IsCrashed;
            log.PowerCut();
            log.Disk.Faults = null;
            if (log.Disk.Names.Count > 0)
            {
                WalInspection inspection = log.Reader().Inspect();
                WalVerification verification = log.Reader().Verify();
                Assert.Empty(verification.Problems);
                RecoveryReport report = log.Open().Recovery;
                string when = $"seed {nth}";
                Assert.Equal((when, report.Verdict), (when, inspection.Verdict));
                Assert.Equal((when, report.TornBytes), (when, inspection.TornBytes));
                Assert.Equal((report.TornSegment, report.TornOffset), (inspection.TornSegment, inspection.TornOffset));
                if (report.Verdict != TailVerdict.Created)
                {
                    Assert.Equal((when, report.LastLsn), (when, inspection.LastLsn));
                    Assert.Equal(report.OldestLsn, inspection.OldestLsn);
                    Assert.Equal(report.CheckpointLsn, inspection.CheckpointLsn);
                    Assert.Equal(report.LogBytes, inspection.Segments.Where(s => !s.IsLeftover).Sum(s => s.FileBytes));
                }

                compared++;
            }

            seed = nth;
            if (isDone)
            {
                break;
            }
        }

        Assert.True(compared > 30, $"{compared} of {seed}");
    }

    [Fact]
    public void Each_verdict_is_told_and_opening_agrees()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        Assert.Equal(TailVerdict.Unclean, _log.Reader().Inspect().Verdict);
        TestLog torn = _log.Fork();
        torn.Disk.Damage.Overwrite(First, 30_000, [1, 2, 3]);
        WalInspection found = torn.Reader().Inspect();
        Assert.Equal(
            (TailVerdict.Torn, First, 4096L + (3 * 56), 30_003L - 4096 - (3 * 56)),
            (found.Verdict, found.TornSegment, found.TornOffset, found.TornBytes));
        Assert.Equal(Numbered(1, 2), torn.Reader().Read()); // the third was never promised

        TestLog corrupt = _log.Fork();
        corrupt.Disk.Damage.FlipBit(First, 4096 + 60, 3);
        found = corrupt.Reader().Inspect();
        WalCorruptException refused = Assert.Throws<WalCorruptException>(() => corrupt.Open());
        Assert.Equal((TailVerdict.Corrupt, refused.Message), (found.Verdict, found.Problem!.Message));
        Assert.Equal(refused.Message, Assert.Single(corrupt.Reader().Verify().Problems).Message);

        TestLog unreadable = _log.Fork();
        unreadable.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Read, FaultAction.Fail(), nth: 3, times: int.MaxValue).Decide;
        found = unreadable.Reader().Inspect();
        Assert.Equal(TailVerdict.Unreadable, found.Verdict);
        Assert.Contains("EIO", found.Problem!.Message, StringComparison.Ordinal);

        _log.Close(wal);
        Assert.Equal(TailVerdict.Clean, _log.Reader().Inspect().Verdict);
    }

    [Fact]
    public void Segments_are_listed_with_their_ranges_and_the_bad_ones_with_their_problem()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        _log.Finish(wal.CheckpointAsync(new Lsn(70)));
        _log.Close(wal);
        WalInspection found = _log.Reader().Inspect();

        Assert.Equal((new Lsn(1), new Lsn(200), new Lsn(200)), (found.OldestLsn, found.LastLsn, found.DurableLsn));
        Assert.Equal((new Lsn(70), 1L), (found.CheckpointLsn, found.Generation));
        Assert.Equal(found.Segments.Select(segment => segment.FirstLsn.Value).Skip(1),
            found.Segments.SkipLast(1).Select(segment => segment.LastLsn!.Value.Value + 1));
        Assert.Equal([true, true, true, false], found.Segments.Select(segment => segment.IsSealed));
        Assert.All(found.Segments, segment => Assert.Equal(65536, segment.FileBytes));

        _log.Disk.Damage.FlipBit("0000000002.wal", 40, 1);
        found = _log.Reader().Inspect();
        Assert.Equal(TailVerdict.Corrupt, found.Verdict);
        Assert.Equal([false, true, false, false], found.Segments.Select(segment => segment.Problem is not null));
    }

    [Fact]
    public void Verify_finds_each_kind_of_damage_that_opening_leaves_to_readers_and_goes_on_behind_it()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        _log.Close(wal);
        const string Second = "0000000002.wal";
        long seal = _log.Disk.ReadAll(Second).AsSpan().LastIndexOfAnyExcept((byte)0);
        (string Name, Action<TestLog> Hurt, string Expected)[] cases =
        [
            ("payload", log => log.Disk.Damage.FlipBit(Second, 20_000, 1), "records up to LSN"),
            ("seal", log => log.Disk.Damage.FlipBit(Second, seal, 1), "a frame, or the seal"),
            ("behind the seal", log => log.Disk.Damage.Overwrite(Second, 65_000, [1]), "zeros behind the seal"),
            ("missing", log => log.Disk.Damage.DeleteFile(Second), "segment"),
            ("shortened", log => log.Disk.Damage.TruncateFile(Second, 30_000), "a file of 65536 bytes"),
            ("zeroed page", log => log.Disk.Damage.ZeroRange(Second, 8192, 4096), "records up to LSN"),
        ];
        foreach ((string name, Action<TestLog> hurt, string expected) in cases)
        {
            TestLog log = _log.Fork();
            hurt(log);
            log.Disk.Damage.FlipBit("0000000003.wal", 20_000, 1);
            IReadOnlyList<IOException> problems = log.Reader().Verify().Problems;
            Assert.True(problems.Count >= 2, name);
            Assert.Contains(
                problems, problem => problem is WalCorruptException damage
                    && damage.Expected.Contains(expected, StringComparison.Ordinal));
            Assert.Contains(problems, problem => problem.Message.Contains("0000000003.wal", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Verify_counts_and_reports_progress()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        _log.Close(wal);
        Steps steps = new();
        WalVerification found = _log.Reader().Verify(steps);

        Assert.Empty(found.Problems);
        Assert.Equal((4, 200L, 4 * 65536L), (found.SegmentsChecked, found.Records, found.BytesChecked));
        Assert.Equal([65536, 131072, 196608, 262144], steps.Select(step => step.BytesDone));
        Assert.All(steps, step => Assert.Equal(262144, step.BytesTotal));
    }

    [Fact]
    public void Beside_a_writer_neither_ever_raises_a_false_alarm()
    {
        Wal? wal = null;
        bool isLooking = false;
        int looks = 0;
        _log.Disk.Faults = _ =>
        {
            if (!isLooking && wal is not null)
            {
                isLooking = true;
                WalInspection found = _log.Reader().Inspect();
                Assert.Null(found.Problem);
                Assert.True(found.DurableLsn <= wal.Status.DurableLsn);
                Assert.Empty(_log.Reader().Verify().Problems);
                isLooking = false;
                looks++;
            }

            return FaultAction.None;
        };
        wal = _log.Open();
        wal.AppendMany(1, 130, 1000);
        _log.Finish(wal.TruncateAsync(new Lsn(120)));
        _log.Close(wal);
        Assert.True(looks > 200, $"{looks}");
    }

    private sealed class Steps : List<WalVerifyProgress>, IProgress<WalVerifyProgress>
    {
        public void Report(WalVerifyProgress value) => Add(value);
    }
}
