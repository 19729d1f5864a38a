using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Simulation;

public class FaultTests
{
    [Fact]
    public void A_failing_write_has_no_effect_and_names_its_error()
    {
        (SimulatedDisk disk, IStorageFile file) = FileWithWriteFault(FaultAction.Fail("EROFS"));

        StorageException error = Assert.Throws<StorageException>(() => file.Write(0, [2]));

        Assert.Equal((30, StorageError.Other), (error.Errno, error.Error));
        Assert.Contains("/simulated/log/a", error.Message, StringComparison.Ordinal);
        Assert.Equal(Filled(10, 1), disk.ReadAll("a"));
    }

    [Fact]
    public void A_short_write_says_how_much_it_wrote()
    {
        (SimulatedDisk disk, IStorageFile file) = FileWithWriteFault(FaultAction.Short(3));

        Assert.Equal(3, file.Write(0, Filled(10, 2)));

        Assert.Equal([2, 2, 2, 1, 1, 1, 1, 1, 1, 1], disk.ReadAll("a"));
        Assert.Equal(7, file.Write(3, Filled(7, 2)));
    }

    [Fact]
    public void A_short_write_may_be_followed_by_an_error()
    {
        (SimulatedDisk disk, IStorageFile file) = FileWithWriteFault(FaultAction.ShortThenFail(3, "ENOSPC"));

        Assert.Equal(3, file.Write(0, Filled(10, 2)));
        Assert.Equal(StorageError.NoSpace, Assert.Throws<StorageException>(() => file.Write(3, Filled(7, 2))).Error);

        Assert.Equal([2, 2, 2, 1, 1, 1, 1, 1, 1, 1], disk.ReadAll("a"));
        Assert.Equal(1, file.Write(3, [2]));
    }

    [Fact]
    public void A_write_may_fail_with_bytes_already_out()
    {
        (SimulatedDisk disk, IStorageFile file) = FileWithWriteFault(FaultAction.PartialThenFail(3));

        Assert.Throws<StorageException>(() => file.Write(0, Filled(10, 2)));

        Assert.Equal([2, 2, 2, 1, 1, 1, 1, 1, 1, 1], disk.ReadAll("a"));
    }

    [Fact]
    public void A_write_may_return_zero()
    {
        (SimulatedDisk disk, IStorageFile file) = FileWithWriteFault(FaultAction.ReturnZero);

        Assert.Equal(0, file.Write(0, Filled(10, 2)));

        Assert.Equal(Filled(10, 1), disk.ReadAll("a"));
    }

    [Fact]
    public void A_read_may_fail_or_lie_or_be_short_without_harm_to_the_disk()
    {
        SimulatedDisk disk = DiskWith("a", Filled(10, 1));
        disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Read, FaultAction.Fail("EIO"))
            .On(DiskOperationKind.Read, FaultAction.FlipReadBit(17), nth: 2)
            .On(DiskOperationKind.Read, FaultAction.Short(4), nth: 3).Decide;
        IStorageFile file = disk.Mount().Open("a", writable: false);
        byte[] bytes = new byte[10];

        Assert.Throws<StorageException>(() => file.Read(0, bytes));
        Assert.Equal(10, file.Read(0, bytes));
        Assert.Equal([1, 1, 3, 1, 1, 1, 1, 1, 1, 1], bytes);
        Assert.Equal(4, file.Read(0, bytes));
        Assert.Equal(10, file.Read(0, bytes));
        Assert.Equal(Filled(10, 1), bytes);
    }

    [Fact]
    public void A_full_disk_cuts_writes_short_and_then_refuses_them()
    {
        SimulatedDisk disk = DiskWith("a", Filled(100, 1));
        disk.CapacityBytes = 150;
        SimulatedStorage storage = disk.Mount();
        IStorageFile file = storage.Open("a", writable: true);
        Assert.Equal(50, storage.FreeBytes());

        Assert.Equal(70, file.Write(80, Filled(90, 2)));
        Assert.Equal(StorageError.NoSpace, Assert.Throws<StorageException>(() => file.Write(150, [2])).Error);
        Assert.Equal(0, storage.FreeBytes());
        Assert.Equal(100, file.Write(50, Filled(100, 3)));
        disk.CapacityBytes = null;
        Assert.Equal(1, file.Write(150, [2]));
        Assert.Null(storage.FreeBytes());
    }

    [Fact]
    public void Deleting_a_file_frees_its_space()
    {
        SimulatedDisk disk = DiskWith("a", Filled(100, 1));
        disk.CapacityBytes = 100;
        SimulatedStorage storage = disk.Mount();
        IStorageFile file = storage.Create("b");
        Assert.Throws<StorageException>(() => file.Write(0, [1]));

        storage.Delete("a");

        Assert.Equal(1, file.Write(0, [1]));
    }

    [Theory]
    [InlineData(CrashPhase.Before, 0, 0)]
    [InlineData(CrashPhase.Mid, 1, 999)]
    [InlineData(CrashPhase.After, 1000, 1000)]
    public void A_crash_falls_before_in_or_after_a_write(CrashPhase phase, int least, int most)
    {
        (SimulatedDisk disk, IStorageFile file) = FileWithWriteFault(FaultAction.Crash(phase));

        Assert.Throws<SimulatedCrashException>(() => file.Write(0, Filled(1000, 2)));

        Assert.True(disk.IsCrashed);
        Assert.Throws<InvalidOperationException>(disk.Mount);
        disk.Kill();
        Assert.InRange(disk.ReadAll("a").Count(value => value == 2), least, most);
        Assert.False(disk.IsCrashed);
    }

    [Fact]
    public void The_base_of_a_crash_at_every_call_can_be_kept()
    {
        SimulatedDisk disk = NewDisk();
        List<SimulatedDisk> bases = [];
        disk.Faults = operation =>
        {
            bases.Add(disk.Clone());
            return FaultAction.None;
        };
        SimulatedStorage storage = disk.Mount();
        IStorageFile file = storage.Create("a");
        file.Write(0, [1]);
        file.Sync();
        storage.SyncDirectory();

        Assert.Equal([0, 1, 1, 1], bases.Select(copy => copy.Names.Count));
        bases[3].PowerCut(CrashStyle.Nothing);
        Assert.Empty(bases[3].Names);
        disk.PowerCut(CrashStyle.Nothing);
        Assert.Equal([1], disk.ReadAll("a"));
    }

    [Fact]
    public void A_plan_acts_on_the_nth_call_as_often_as_it_says_and_on_names_by_their_end()
    {
        SimulatedDisk disk = DiskWith("a.wal", []);
        disk.Damage.WriteAll("b.tmp", []);
        FaultPlan plan = new FaultPlan().On(DiskOperationKind.Open, FaultAction.Fail(), nth: 2, ".wal", times: 2);
        disk.Faults = plan.Decide;
        SimulatedStorage storage = disk.Mount();

        bool[] opened = [.. new[] { "a.wal", "b.tmp", "a.wal", "b.tmp", "a.wal", "a.wal" }.Select(Opens)];

        Assert.Equal([true, true, false, true, false, true], opened);
        Assert.Equal(2, plan.Hits);
        Assert.Equal(4, disk.Counters.OpenFiles);

        bool Opens(string name)
        {
            try
            {
                storage.Open(name, writable: false);
                return true;
            }
            catch (StorageException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void The_trace_names_every_call_in_order()
    {
        SimulatedDisk disk = NewDisk();
        disk.Counters.KeepsTrace = true;
        SimulatedStorage storage = disk.Mount();
        using (IStorageFile file = storage.Create("a.tmp"))
        {
            file.Write(8, [1, 2]);
            file.Sync();
        }

        storage.Rename("a.tmp", "a");
        storage.SyncDirectory();

        Assert.Equal(
            ["#1 Create a.tmp", "#2 Write a.tmp [8, +2)", "#3 Sync a.tmp", "#4 Rename a.tmp -> a", "#5 SyncDirectory"],
            disk.Counters.Trace.Select(operation => operation.ToString()));
        Assert.Equal((1, 2, 1), (disk.Counters.Writes, disk.Counters.BytesWritten, disk.Counters.DirectorySyncs));
        Assert.Equal(0, disk.Counters.OpenFiles);
    }

    private static (SimulatedDisk Disk, IStorageFile File) FileWithWriteFault(FaultAction action)
    {
        SimulatedDisk disk = DiskWith("a", Filled(10, 1));
        disk.Faults = new FaultPlan().On(DiskOperationKind.Write, action).Decide;
        return (disk, disk.Mount().Open("a", writable: true));
    }
}
