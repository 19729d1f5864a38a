using LoraWal.Recovery;
using LoraWal.Segments;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using LoraWal.Tests.Reading;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Recovery;

/// <summary>Cutting a log because a person has decided to.</summary>
public class RepairTests
{
    private const string Second = "0000000002.wal";
    private const string Fourth = "0000000004.wal";

    // 54 records of this size fill a segment.
    private const int Size = 1000;

    private readonly TestLog _log = new(seed: 51) { Options = { SyncMode = SyncMode.PerCommit } };

    public RepairTests()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, Size);
        _log.Kill();
    }

    public static TheoryData<string, int> Damages => new()
    {
        { "payload in the newest", 180 },
        { "header of the newest", 174 },
        { "payload in the middle", 80 },
        { "nothing, cut in the newest", 190 },
        { "nothing, cut in the middle", 100 },
        { "the newest is missing", 174 },
        { "one in the middle is missing", 58 },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_cut_log_opens_with_that_last_lsn_and_goes_on_behind_it(string damage, int last)
    {
        last = Hurt(_log, damage, last);
        byte[][] before = [.. _log.Disk.Names.Select(_log.Disk.ReadAll)];
        string[] names = [.. _log.Disk.Names];

        IReadOnlyList<string> evidence = Cut(_log, last);

        Assert.Empty(_log.Reader().Verify().Problems);
        AssertEvidence(_log, names, before, evidence);
        Wal wal = _log.Open();
        Assert.Equal(new Lsn((ulong)last), wal.Recovery.LastLsn);
        Assert.Equal(Numbered(1, last, Size), wal.Read());
        wal.AppendMany(last + 1, last + 60, Size);
        _log.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Numbered(1, last + 60, Size), _log.ReopenAndRead());
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void After_a_crash_at_any_call_it_is_done_or_can_be_run_again(string damage, int last)
    {
        last = Hurt(_log, damage, last);
        string[] names = [.. _log.Disk.Names];
        byte[][] before = [.. names.Select(_log.Disk.ReadAll)];
        int swept = 0;
        for (int nth = 1; ; nth++)
        {
            bool stopped = false;
            foreach (CrashPhase phase in Enum.GetValues<CrashPhase>())
            {
                TestLog log = new(nth, _log.Disk.Clone());
                log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, phase).Decide;
                try
                {
                    Cut(log, last);
                }
                catch (Exception) when (log.Disk.IsCrashed)
                {
                    stopped = true;
                    swept++;
                    foreach (CrashStyle? style in new CrashStyle?[]
                        { null, CrashStyle.Nothing, CrashStyle.Everything, CrashStyle.TornSectors, CrashStyle.Any })
                    {
                        CheckAfterCrash(log, style, last, nth, names, before, $"call {nth}, {phase}, {style}");
                    }
                }
            }

            if (!stopped)
            {
                Assert.True(swept > 10, $"{swept}");
                return;
            }
        }
    }

    [Fact]
    public void Making_a_plan_changes_nothing_and_says_what_would_be_lost()
    {
        Hurt(_log, "payload in the middle", 80);
        DiskSnapshot before = _log.Disk.Snapshot();
        RepairPlan plan = RepairPlan.Make(_log.Disk.Mount(), 80);

        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
        Assert.Equal((80ul, 81ul, 200ul), (plan.LastLsn, plan.NextLsn, plan.LostUpTo));
        Assert.Equal(119, plan.ReadableRecords); // all but the damaged one
        Assert.Equal([4L, 3L], plan.Removed.Select(segment => segment.Id));
        Assert.Equal(plan.CutEnd - plan.CutOffset + (2 * 65536), plan.LostBytes);
    }

    [Fact]
    public void The_floor_of_a_truncated_log_survives_also_an_interrupted_repair()
    {
        Wal wal = _log.Open();
        _log.Finish(wal.TruncateAsync(new Lsn(60)));
        wal.AppendMany(201, 203, Size);
        _log.Kill();
        Assert.DoesNotContain("0000000001.wal", _log.Disk.Names);
        _log.Disk.Damage.FlipBit(Second, 30_000, 1);
        int last = (int)Assert.IsType<WalCorruptException>(_log.Reader().Verify().Problems[0]).Lsn.Value - 1;

        for (int nth = 1; ; nth++)
        {
            TestLog log = new(nth, _log.Disk.Clone());
            log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, CrashPhase.After).Decide;
            try
            {
                Cut(log, last);
            }
            catch (Exception) when (log.Disk.IsCrashed)
            {
                log.PowerCut(CrashStyle.Any);
                log.Disk.Faults = null;
            }

            bool isDone = log.Disk.Faults is not null;
            log.Disk.Faults = null;
            if (log.Reader().Verify().Problems.Count > 0)
            {
                Cut(log, last);
            }

            Wal again = log.Open();
            Assert.Equal(Numbered((int)again.Status.OldestLsn.Value, last, Size), again.Read());
            if (isDone)
            {
                return;
            }
        }
    }

    [Fact]
    public void An_lsn_inside_a_frame_or_behind_damage_is_refused_and_the_possible_ones_are_named()
    {
        TestLog log = new(52) { Options = { SyncMode = SyncMode.PerCommit } };
        Wal wal = log.Open();
        wal.AppendMany(1, 4);
        log.Finish(wal.CommitAsync(Batch(5, 9)));
        wal.AppendMany(10, 12);
        log.Kill();
        Assert.Contains("Cut at 4 or at 9.", Refused(log, 6), StringComparison.Ordinal);
        Assert.Contains("Cut at 12 or below.", Refused(log, 13), StringComparison.Ordinal);
        log.Disk.Damage.FlipBit("0000000001.wal", 4096 + 60, 1);
        Assert.Contains("Cut at 1 or below.", Refused(log, 9), StringComparison.Ordinal);
        Assert.Contains("There is no log", Refused(Empty(), 9), StringComparison.Ordinal);

        // Damage in a segment below: cutting above it would leave a log that opening refuses.
        _log.Disk.Damage.FlipBit(Second, 40, 1);
        Assert.Contains(Second, Refused(_log, 190), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_space_for_the_evidence_nothing_is_changed_unless_it_need_not_be_kept()
    {
        Hurt(_log, "payload in the newest", 180);
        _log.Disk.CapacityBytes = _log.Disk.Names.Sum(name => (long)_log.Disk.ReadAll(name).Length);
        DiskSnapshot before = _log.Disk.Snapshot();
        Assert.Throws<WalFullException>(() => Cut(_log, 180));
        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));

        Assert.Empty(Cut(_log, 180, withoutEvidence: true));
        Assert.Equal(Numbered(1, 180, Size), _log.ReopenAndRead());
    }

    [Fact]
    public void Whole_segments_are_set_aside_on_a_full_disk_too()
    {
        Hurt(_log, "header of the newest", 0);
        _log.Disk.CapacityBytes = _log.Disk.Names.Sum(name => (long)_log.Disk.ReadAll(name).Length);
        int last = (int)RepairPlan.Suggest(
            _log.Disk.Mount(), Assert.Throws<WalCorruptException>(() => _log.Open()))!.Value;

        Assert.Contains("0000000004-0.torn", Cut(_log, last, withoutEvidence: true));
        Assert.Equal(Numbered(1, last, Size), _log.ReopenAndRead());
    }

    [Fact]
    public void A_suggestion_is_the_last_record_before_the_damage()
    {
        int last = Hurt(_log, "payload in the newest", 180);
        WalCorruptException refused = Assert.Throws<WalCorruptException>(() => _log.Open());
        Assert.Equal((ulong)last, RepairPlan.Suggest(_log.Disk.Mount(), refused));
    }

    private static TestLog Empty()
    {
        TestLog log = new();
        log.Disk.Damage.WriteAll("notes.txt", [1]);
        return log;
    }

    private static string Refused(TestLog log, ulong last)
    {
        DiskSnapshot before = log.Disk.Snapshot();
        string message = Assert.ThrowsAny<WalException>(() => RepairPlan.Make(log.Disk.Mount(), last)).Message;
        Assert.Null(before.DifferenceTo(log.Disk.Snapshot()));
        return message;
    }

    private static IReadOnlyList<string> Cut(TestLog log, int last, bool withoutEvidence = false)
    {
        using SimulatedStorage storage = log.Disk.Mount();
        RepairPlan plan = RepairPlan.Make(storage, (ulong)last);
        return new LogRepair(new SegmentFiles(storage), log.Time.GetUtcNow()).Run(plan, withoutEvidence);
    }

    /// <summary>Damages a log and returns the last LSN that can be kept.</summary>
    private static int Hurt(TestLog log, string damage, int last)
    {
        IReadOnlyList<WalSegmentInfo> segments = log.Reader().Inspect().Segments;
        switch (damage)
        {
            case "payload in the newest":
            case "payload in the middle":
                Assert.True(FlipRecord(log, last + 1));
                return last;
            case "header of the newest":
                log.Disk.Damage.FlipBit(Fourth, 50, 1);
                return (int)segments[2].LastLsn!.Value.Value;
            case "the newest is missing":
                log.Disk.Damage.DeleteFile(Fourth);
                return (int)segments[2].LastLsn!.Value.Value;
            case "one in the middle is missing":
                log.Disk.Damage.DeleteFile("0000000003.wal");
                return (int)segments[1].LastLsn!.Value.Value;
            default:
                return last;
        }
    }

    private static bool FlipRecord(TestLog log, int number)
    {
        byte[] payload = Payload(number, Size);
        foreach (string name in log.Disk.Names)
        {
            int at = log.Disk.ReadAll(name).AsSpan().IndexOf(payload);
            if (at >= 0)
            {
                log.Disk.Damage.FlipBit(name, at + 10, 3);
                return true;
            }
        }

        return false;
    }

    private static void CheckAfterCrash(
        TestLog stopped, CrashStyle? style, int last, int seed, string[] names, byte[][] before, string when)
    {
        TestLog log = new(seed, stopped.Disk.Clone());
        if (style is { } cut)
        {
            log.PowerCut(cut);
        }

        try
        {
            WalVerification found = log.Reader().Verify();
            bool isBegun = names.Zip(before).Any(file =>
                !log.Disk.Names.Contains(file.First) || !log.Disk.ReadAll(file.First).SequenceEqual(file.Second));
            if (isBegun && found.Problems.Count > 0)
            {
                // Begun and not done: nobody may go on writing above the hole.
                Assert.Equal(TailVerdict.Corrupt, found.Inspection.Verdict);
            }

            if (found.Problems.Count > 0 || found.Inspection.LastLsn.Value != (ulong)last)
            {
                Cut(log, last);
            }

            Assert.Empty(log.Reader().Verify().Problems);
            AssertEvidence(log, names, before, log.Disk.Names);
            Wal wal = log.Open();
            Assert.Equal(Numbered(1, last, Size), wal.Read());
            wal.AppendMany(last + 1, last + 1, Size);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{when}: {failure.Message}", failure);
        }
    }

    /// <summary>Every byte that was in a file and is not any more is in the evidence, at the offset that it
    /// names.</summary>
    private static void AssertEvidence(TestLog log, string[] names, byte[][] before, IReadOnlyList<string> evidence)
    {
        foreach ((string name, byte[] bytes) in names.Zip(before))
        {
            string id = name[..10];
            byte[] now = log.Disk.Names.Contains(name) ? log.Disk.ReadAll(name) : [];
            int kept = bytes.AsSpan().CommonPrefixLength(now);
            int end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            if (!name.EndsWith(".wal", StringComparison.Ordinal) || kept >= end)
            {
                continue;
            }

            Assert.Contains(evidence, file =>
            {
                string[] parts = file.Split('-', '.', '+');
                return parts[0] == id && file.Contains(".torn", StringComparison.Ordinal)
                    && int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) is int offset
                    && offset <= kept
                    && bytes.AsSpan(offset, end - offset).SequenceEqual(
                        log.Disk.ReadAll(file).AsSpan(0, Math.Min(end - offset, log.Disk.ReadAll(file).Length)));
            });
        }
    }
}
