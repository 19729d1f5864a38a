using LoraWal.Cursors;
using LoraWal.Storage;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Cursors;

/// <summary>What a crash, a full disk, a failing sync and damage do to a cursor.</summary>
public class CursorFaultTests
{
    private const int Size = 8000;
    private const int Records = 24;
    private readonly TestLog _log = new();

    [Fact]
    public void A_crash_at_any_step_of_an_acknowledgement_leaves_the_old_position_or_the_new_one()
    {
        WalCursor first = _log.OpenCursor(OpenWith(Records));
        first.ReadTo(Records);
        _log.Acknowledge(first, 4);
        _log.Kill();

        int swept = 0;
        for (int nth = 1, stopped = 1; stopped > 0; nth++)
        {
            stopped = 0;
            foreach (CrashPhase phase in Enum.GetValues<CrashPhase>())
            {
                stopped += CrashOnce(nth, phase) ? 1 : 0;
            }

            swept += stopped > 0 ? 1 : 0;
        }

        Assert.True(swept > 8, $"{swept} calls"); // opening, two acknowledgements of five calls, a truncation
    }

    [Fact]
    public void Nobody_elses_sync_of_the_directory_falls_between_a_new_name_and_its_own()
    {
        Wal wal = OpenWith(Records);
        WalCursor cursor = OpenRead(wal, 4);
        List<(DiskOperationKind Kind, bool IsAlone)> changes = [];
        _log.Disk.Faults = operation =>
        {
            if (operation.Kind is DiskOperationKind.Replace or DiskOperationKind.Delete
                or DiskOperationKind.SyncDirectory)
            {
                changes.Add((operation.Kind, wal.Parts.Control.Files.IsChangingNames));
            }

            return FaultAction.None;
        };

        _log.Acknowledge(cursor, 9);
        _log.Finish(cursor.DisposeAsync());
        _log.Finish(wal.DropCursorAsync("c"));

        Assert.Equal(
            [
                (DiskOperationKind.Replace, true),
                (DiskOperationKind.SyncDirectory, true),
                (DiskOperationKind.Delete, true),
                (DiskOperationKind.SyncDirectory, true),
            ],
            changes);
    }

    [Fact]
    public void A_full_disk_fails_the_acknowledgement_keeps_the_old_position_and_heals()
    {
        Wal wal = OpenWith(Records);
        WalCursor cursor = OpenRead(wal, 4);
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Write, FaultAction.Fail("ENOSPC"), name: ".cursor.tmp").Decide;

        IOException full = Assert.ThrowsAny<IOException>(() => _log.Acknowledge(cursor, 9));

        Assert.Contains("ENOSPC", full.Message);
        Assert.Equal((new Lsn(4), WalState.Running), (cursor.Position, wal.Status.State));
        Assert.Equal([new TruncationHold("cursor c", new Lsn(4))], wal.Holds.All());
        _log.Acknowledge(cursor, 7);
        _log.PowerCut(CrashStyle.Nothing);
        Assert.Equal(new Lsn(7), _log.OpenCursor(_log.Open()).Position);
    }

    [Theory]
    [InlineData(DiskOperationKind.Create)]
    [InlineData(DiskOperationKind.Sync)]
    [InlineData(DiskOperationKind.Replace)]
    public void A_failing_call_on_its_file_does_not_poison_the_log_and_is_not_made_again_on_that_file(
        DiskOperationKind kind)
    {
        Wal wal = OpenWith(Records);
        WalCursor cursor = OpenRead(wal, 4);
        FaultAction fault = kind == DiskOperationKind.Sync ? FaultAction.FailSync() : FaultAction.Fail();
        _log.Disk.Faults = new FaultPlan().On(kind, fault, name: ".cursor.tmp").Decide;

        Assert.ThrowsAny<IOException>(() => _log.Acknowledge(cursor, 9));
        Assert.Equal((new Lsn(4), WalState.Running), (cursor.Position, wal.Status.State));
        Assert.Equal(new Lsn(4), AfterPowerCut());
        wal.AppendMany(Records + 1, Records + 1, Size, AppendDurability.Durable);
        _log.Acknowledge(cursor, 9);

        Assert.Equal(new Lsn(9), AfterPowerCut());
    }

    [Fact]
    public void A_failing_sync_of_the_directory_poisons_the_log_for_it_may_hide_another()
    {
        Wal wal = OpenWith(Records);
        WalCursor cursor = OpenRead(wal, 4);
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.SyncDirectory, FaultAction.FailSync()).Decide;

        Assert.Throws<WalPoisonedException>(() => _log.Acknowledge(cursor, 9));
        Assert.Throws<WalPoisonedException>(() => _log.Acknowledge(cursor, 9));

        Assert.Equal((new Lsn(4), WalState.Poisoned), (cursor.Position, wal.Status.State));
        Assert.Equal([new TruncationHold("cursor c", new Lsn(4))], wal.Holds.All());
        Assert.Contains(AfterPowerCut().Value, new ulong[] { 4, 9 });
    }

    [Fact]
    public void Every_damaged_byte_is_noticed_and_holds_back_all_truncation_until_the_reset_that_was_asked_for()
    {
        WalCursor cursor = OpenRead(OpenWith(Records), 9);
        Assert.Equal(new Lsn(9), cursor.Position);
        _log.Kill();
        for (int at = 0; at <= CursorFile.Bytes; at++)
        {
            TestLog world = _log.Fork();
            using (SimulatedStorage disk = world.Disk.Mount())
            {
                Damage(disk, at);
            }

            Wal wal = world.Open();
            Assert.Equal([new TruncationHold("cursor c", Lsn.None)], world.Truncate(wal, Records).HeldBackBy);
            var refused = Assert.Throws<WalCursorException>(() => world.OpenCursor(wal));
            Assert.Equal(("c", WalCursorProblem.Damaged), (refused.Name, refused.Problem));
            Assert.Contains("lorawal cursors reset DIR c --to oldest", refused.Message);
            WalCursorRepair repair = at % 2 == 0 ? WalCursorRepair.ResetToOldest : WalCursorRepair.ResetToNewest;

            WalCursor mended = world.OpenCursor(wal, "c", new WalCursorOptions { OnDamaged = repair });

            Assert.Equal(at % 2 == 0 ? Lsn.None : new Lsn(Records), mended.Position);
        }
    }

    [Fact]
    public void A_cursor_of_another_log_is_refused_and_so_is_one_above_the_end_of_a_log_that_was_cut()
    {
        OpenRead(OpenWith(Records), 9);
        _log.Kill();
        TestLog other = new(seed: 5);
        other.Open().AppendMany(1, 3, Size, AppendDurability.Durable);
        other.Kill();
        Copy(_log, other);
        Assert.Equal(WalCursorProblem.OtherLog, Refusal(other));

        TestLog cut = _log.Fork();
        Advance(cut, position: Records + 1);
        Assert.Equal(WalCursorProblem.AheadOfLog, Refusal(cut));
    }

    [Fact]
    public void A_cursor_of_a_later_version_is_left_alone_whatever_the_options_say()
    {
        OpenRead(OpenWith(3), 2);
        _log.Kill();
        using (SimulatedStorage disk = _log.Disk.Mount())
        {
            using IStorageFile file = disk.Open("c.cursor", writable: true);
            file.Write(8, [2, 0, 0, 0, 9]);
        }

        var options = new WalCursorOptions { OnDamaged = WalCursorRepair.ResetToOldest };
        var refused = Assert.Throws<WalCursorException>(() => _log.OpenCursor(_log.Open(), "c", options));
        Assert.Equal(WalCursorProblem.UnsupportedVersion, refused.Problem);
    }

    private bool CrashOnce(int nth, CrashPhase phase)
    {
        TestLog log = _log.Fork(nth);
        log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, phase).Decide;
        int acknowledged = 4;
        int asked = 4;
        try
        {
            Wal wal = log.Open();
            WalCursor cursor = log.OpenCursor(wal);
            cursor.ReadTo(Records);
            foreach (int lsn in new[] { 11, 20 })
            {
                asked = lsn;
                log.Acknowledge(cursor, lsn);
                acknowledged = lsn;
            }

            log.Truncate(wal, Records);
        }
        catch (Exception) when (log.Disk.IsCrashed)
        {
            // whatever it was: the machine has stopped
        }

        if (!log.Disk.IsCrashed)
        {
            return false;
        }

        foreach (CrashStyle style in Enum.GetValues<CrashStyle>())
        {
            foreach (DirectoryCrash names in Enum.GetValues<DirectoryCrash>())
            {
                TestLog fork = new(nth, log.Disk.Clone());
                fork.PowerCut(style, names);
                Wal again = fork.Open();
                fork.Truncate(again, Records);
                WalCursor cursor = fork.OpenCursor(again);
                Assert.InRange((int)cursor.Position.Value, acknowledged, asked);
                Assert.Equal(CursorVerbs.Range((int)cursor.Position.Value + 1, Records), cursor.ReadTo(Records));
                Assert.DoesNotContain(NamesOf(fork), name => name.EndsWith(".cursor.tmp", StringComparison.Ordinal));
            }
        }

        return true;
    }

    private static IReadOnlyList<string> NamesOf(TestLog world)
    {
        using SimulatedStorage disk = world.Disk.Mount();
        return disk.List();
    }

    private static void Damage(SimulatedStorage disk, int at)
    {
        using IStorageFile file = disk.Open("c.cursor", writable: true);
        byte[] one = new byte[1];
        file.Read(at, one);
        file.Write(at, [(byte)(one[0] ^ 1)]); // the last one: a byte too many
    }

    private static void Copy(TestLog from, TestLog to)
    {
        byte[] bytes = new byte[CursorFile.Bytes];
        using SimulatedStorage source = from.Fork().Disk.Mount();
        using IStorageFile read = source.Open("c.cursor", writable: false);
        read.Read(0, bytes);
        using SimulatedStorage target = to.Disk.Mount();
        using IStorageFile written = target.Create("c.cursor");
        written.Write(0, bytes);
    }

    private static void Advance(TestLog world, ulong position)
    {
        using SimulatedStorage disk = world.Disk.Mount();
        byte[] bytes = new byte[CursorFile.Bytes];
        using (IStorageFile file = disk.Open("c.cursor", writable: false))
        {
            file.Read(0, bytes);
        }

        CursorFile found = CursorFile.Decode(bytes, "c", out _, out _)!;
        new CursorStore(disk).Replace(found with { Position = position });
    }

    private static WalCursorProblem Refusal(TestLog world)
    {
        Wal wal = world.Open();
        Assert.Equal(Lsn.None, Assert.Single(wal.Holds.All()).Lsn);
        return Assert.Throws<WalCursorException>(() => world.OpenCursor(wal)).Problem;
    }

    private Lsn AfterPowerCut()
    {
        TestLog fork = new(3, _log.Disk.Clone());
        fork.PowerCut(CrashStyle.Nothing, DirectoryCrash.OrderedPrefix);
        return fork.OpenCursor(fork.Open()).Position;
    }

    private WalCursor OpenRead(Wal wal, int acknowledged)
    {
        WalCursor cursor = _log.OpenCursor(wal);
        cursor.ReadTo(wal.Status.DurableLsn.Value is var last ? (int)last : 0);
        _log.Acknowledge(cursor, acknowledged);
        return cursor;
    }

    private Wal OpenWith(int records)
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, records, Size, AppendDurability.Durable);
        return wal;
    }
}
