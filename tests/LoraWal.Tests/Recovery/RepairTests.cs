using LoraWal.Recovery;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using LoraWal.Tests.Reading;
using static LoraWal.Tests.Promises.LogVerbs;
using static LoraWal.Tests.Recovery.RepairVerbs;

namespace LoraWal.Tests.Recovery;

/// <summary>Cutting a log because a person has decided to.</summary>
public class RepairTests
{
    private readonly TestLog _log = new(seed: 51) { Options = { SyncMode = SyncMode.PerCommit } };

    public RepairTests()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, Size);
        _log.Kill();
    }

    [Theory]
    [MemberData(nameof(RepairVerbs.Damages), MemberType = typeof(RepairVerbs))]
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

    [Theory]
    [InlineData(80, 70)]
    [InlineData(60, 60)]
    public void Checkpoint_and_generation_survive_and_no_lsn_is_left_out(int last, int checkpoint)
    {
        Wal wal = _log.Open();
        _log.Finish(wal.CheckpointAsync(new Lsn(70)));
        _log.Close(wal);
        long generation = _log.Reader().Inspect().Generation;
        Cut(_log, last);

        WalInspection found = _log.Reader().Inspect();
        Assert.Equal((new Lsn((ulong)checkpoint), generation), (found.CheckpointLsn, found.Generation));
        Wal again = _log.Open();
        Assert.Equal(generation + 1, again.Recovery.Generation);
        again.AppendMany(last + 1, last + 3, Size);
    }

    [Fact]
    public void A_second_repair_keeps_the_evidence_of_the_first()
    {
        Cut(_log, 80);
        byte[] first = _log.Disk.ReadAll("0000000003-0.torn");
        _log.Open().AppendMany(81, 200, Size);
        _log.Kill();
        byte[] third = _log.Disk.ReadAll("0000000003.wal");
        Assert.Contains("0000000003-0+1.torn", Cut(_log, 80));
        Assert.Equal(first, _log.Disk.ReadAll("0000000003-0.torn"));
        Assert.Equal(third, _log.Disk.ReadAll("0000000003-0+1.torn"));
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
}
