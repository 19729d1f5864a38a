using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using LoraWal.Tests.Reading;
using static LoraWal.Tests.Promises.LogVerbs;
using static LoraWal.Tests.Recovery.RepairVerbs;

namespace LoraWal.Tests.Recovery;

/// <summary>A repair that a crash interrupts, and a power cut just behind one.</summary>
public class RepairCrashTests
{
    private readonly TestLog _log = new(seed: 51) { Options = { SyncMode = SyncMode.PerCommit } };

    public RepairCrashTests()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, Size);
        _log.Kill();
    }

    [Theory]
    [MemberData(nameof(RepairVerbs.Damages), MemberType = typeof(RepairVerbs))]
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

    [Theory]
    [InlineData(80)] // the floor is named by a later segment alone, which is set aside
    [InlineData(180)] // the floor is named behind the cut alone, where all is zeroed
    public void The_floor_of_a_truncated_log_survives_also_an_interrupted_repair(int last)
    {
        Wal wal = _log.Open();
        _log.Finish(wal.TruncateAsync(new Lsn(60)));
        wal.AppendMany(201, 203, Size);
        _log.Kill();
        Assert.DoesNotContain("0000000001.wal", _log.Disk.Names);
        Lsn floor = _log.Reader().Inspect().FloorLsn;
        Assert.False(floor.IsNone);
        Assert.True(FlipRecord(_log, last + 1));
        int swept = 0;
        for (int nth = 1; ; nth++)
        {
            bool isDone = true;
            foreach (CrashPhase phase in Enum.GetValues<CrashPhase>())
            {
                foreach (CrashStyle style in Enum.GetValues<CrashStyle>())
                {
                    TestLog log = new(nth, _log.Disk.Clone());
                    log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, phase).Decide;
                    try
                    {
                        Cut(log, last);
                    }
                    catch (Exception) when (log.Disk.IsCrashed)
                    {
                        isDone = false;
                        swept++;
                        log.Disk.Faults = null;
                        log.PowerCut(style);
                    }

                    log.Disk.Faults = null;
                    if (log.Reader().Verify() is { } found
                        && (found.Problems.Count > 0 || found.Inspection.LastLsn.Value != (ulong)last))
                    {
                        Cut(log, last);
                    }

                    Assert.Equal(floor, log.Reader().Inspect().FloorLsn);
                    Wal again = log.Open();
                    Assert.Equal(Numbered((int)again.Status.OldestLsn.Value, last, Size), again.Read());
                }
            }

            if (isDone)
            {
                Assert.True(swept > 50, $"{swept}");
                return;
            }
        }
    }

    [Theory]
    [MemberData(nameof(RepairVerbs.Damages), MemberType = typeof(RepairVerbs))]
    public void What_was_set_aside_and_the_cut_itself_survive_a_power_cut(string damage, int last)
    {
        // Under group sync a kill leaves records that are in the page cache alone.
        TestLog killed = new(53) { Options = { SyncMode = SyncMode.GroupSync } };
        killed.Open().AppendMany(1, 200, Size);
        killed.Kill();
        last = Hurt(killed, damage, last);
        string[] names = [.. killed.Disk.Names];
        byte[][] before = [.. names.Select(killed.Disk.ReadAll)];
        foreach (CrashStyle style in Enum.GetValues<CrashStyle>())
        {
            for (int seed = 1; seed <= 8; seed++)
            {
                TestLog log = new(seed, killed.Disk.Clone());
                IReadOnlyList<string> evidence = Cut(log, last);
                log.PowerCut(style);

                Assert.Empty(log.Reader().Verify().Problems);
                // A seal below is not the repair's: opening writes it again.
                int first = Array.FindIndex(names, name => evidence.Any(kept => kept[..10] == name[..10]));
                if (first >= 0)
                {
                    AssertEvidence(log, names[first..], before[first..], evidence);
                }

                Assert.Equal(Numbered(1, last, Size), log.ReopenAndRead());
            }
        }
    }

    [Fact]
    public void An_interrupted_repair_leaves_no_gap_below_which_opening_would_delete_what_is_kept()
    {
        // The floor would allow it: a truncation was interrupted before it deleted anything.
        Wal wal = _log.Open();
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Delete, FaultAction.Crash(CrashPhase.Before)).Decide;
        Assert.ThrowsAny<Exception>(() => _log.Finish(wal.TruncateAsync(new Lsn(190))));
        Assert.True(_log.Disk.IsCrashed);
        _log.Disk.Faults = null;
        _log.Kill();
        for (int nth = 1; ; nth++)
        {
            TestLog log = new(nth, _log.Disk.Clone());
            log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, CrashPhase.Before).Decide;
            try
            {
                Cut(log, 80);
                Assert.True(nth > 5, $"{nth}");
                return;
            }
            catch (Exception) when (log.Disk.IsCrashed)
            {
                log.Disk.Faults = null;
                log.Kill();
            }

            try
            {
                log.Open();
            }
            catch (WalCorruptException)
            {
                // begun and not done
            }

            Assert.Contains(Second, log.Disk.Names);
        }
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
}
