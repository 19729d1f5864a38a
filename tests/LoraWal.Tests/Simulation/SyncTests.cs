using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Simulation;

public class SyncTests
{
    private const int Length = 64 * SimulatedInode.SectorBytes;

    [Fact]
    public void Failed_sync_marks_pages_clean_and_the_next_one_succeeds()
    {
        (SimulatedDisk disk, IStorageFile file) = AfterFailedSync(SyncFailure.KeepCache);

        file.Sync();

        Assert.Equal(Filled(Length, 2), ReadAll(file));
        disk.PowerCut(CrashStyle.Everything);
        Assert.InRange(disk.ReadAll("a").Count(value => value == 2), 1, Length - 1);
    }

    [Fact]
    public void After_a_failed_sync_dropping_the_cache_shows_what_the_disk_has()
    {
        (SimulatedDisk disk, IStorageFile file) = AfterFailedSync(SyncFailure.KeepCache);

        disk.DropCaches();

        Assert.Equal(disk.ReadAllDurable("a"), ReadAll(file));
        Assert.Contains((byte)1, ReadAll(file));
        Assert.Contains((byte)2, ReadAll(file));
    }

    [Fact]
    public void After_a_failed_sync_a_sector_written_again_is_synced_again()
    {
        (SimulatedDisk disk, IStorageFile file) = AfterFailedSync(SyncFailure.KeepCache);

        file.Write(0, Filled(Length, 2));
        file.Sync();

        disk.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Filled(Length, 2), disk.ReadAll("a"));
    }

    [Fact]
    public void Failed_sync_may_revert_the_cache_to_the_disk()
    {
        (SimulatedDisk disk, IStorageFile file) = AfterFailedSync(SyncFailure.RevertCache);

        Assert.Equal(disk.ReadAllDurable("a"), ReadAll(file));
        Assert.Contains((byte)1, ReadAll(file));
    }

    [Fact]
    public void Dropping_the_cache_keeps_dirty_sectors()
    {
        (SimulatedDisk disk, IStorageFile file) = AfterFailedSync(SyncFailure.KeepCache);
        file.Write(0, Filled(100, 3));

        disk.DropCaches();

        Assert.Equal(Filled(100, 3), ReadAll(file)[..100]);
        Assert.Contains((byte)1, ReadAll(file));
    }

    [Fact]
    public void The_kernel_may_drop_a_page_between_two_reads()
    {
        (SimulatedDisk disk, IStorageFile file) = AfterFailedSync(SyncFailure.KeepCache);
        Assert.Equal(Filled(Length, 2), ReadAll(file));
        disk.Faults = operation =>
        {
            disk.DropCaches();
            return FaultAction.None;
        };

        Assert.Contains((byte)1, ReadAll(file));
    }

    [Fact]
    public void The_length_of_a_failed_sync_is_left_to_the_next_one()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            SimulatedDisk disk = DiskWith("a", [1], seed);
            disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync()).Decide;
            IStorageFile file = disk.Mount().Open("a", writable: true);
            file.Write(1, Filled(2000, 2));
            Assert.Throws<StorageException>(file.Sync);

            file.Sync();

            disk.PowerCut(CrashStyle.Nothing);
            Assert.Equal(2001, disk.ReadAll("a").Length);
        }
    }

    [Fact]
    public async Task A_sync_covers_what_was_written_before_its_start_and_not_what_comes_before_its_end()
    {
        SimulatedDisk disk = DiskWith("a", Filled(2000, 1));
        DiskGate gate = new();
        disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.Block(gate)).Decide;
        IStorageFile file = disk.Mount().Open("a", writable: true);
        file.Write(0, Filled(10, 2));
        Task sync = Task.Run(file.Sync);
        await gate.Entered;
        file.Write(1000, Filled(10, 3));
        Assert.False(sync.IsCompleted);

        gate.Release();
        await sync;

        disk.PowerCut(CrashStyle.Nothing);
        Assert.Equal(2, disk.ReadAll("a")[0]);
        Assert.Equal(1, disk.ReadAll("a")[1000]);
    }

    [Fact]
    public async Task A_crash_frees_a_hanging_sync_which_then_does_nothing()
    {
        SimulatedDisk disk = DiskWith("a", Filled(10, 1));
        DiskGate gate = new();
        disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.Block(gate)).Decide;
        IStorageFile file = disk.Mount().Open("a", writable: true);
        file.Write(0, Filled(10, 2));
        Task sync = Task.Run(file.Sync);
        await gate.Entered;

        disk.PowerCut(CrashStyle.Nothing);

        await Assert.ThrowsAsync<SimulatedCrashException>(() => sync);
        Assert.Equal(Filled(10, 1), disk.ReadAll("a"));
    }

    [Fact]
    public async Task A_call_may_hang_after_its_effect()
    {
        SimulatedDisk disk = DiskWith("a", Filled(10, 1));
        DiskGate gate = new();
        disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Write, FaultAction.None with { GateAfter = gate }).Decide;
        IStorageFile file = disk.Mount().Open("a", writable: true);
        Task<int> write = Task.Run(() => file.Write(0, Filled(10, 2)));
        await gate.Entered;
        Assert.Equal(Filled(10, 2), disk.ReadAll("a"));
        Assert.False(write.IsCompleted);

        gate.Release();

        Assert.Equal(10, await write);
    }

    [Fact]
    public async Task Syncs_are_counted_and_can_be_awaited()
    {
        SimulatedDisk disk = DiskWith("a", []);
        disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync(), nth: 2).Decide;
        SimulatedStorage storage = disk.Mount();
        IStorageFile file = storage.Open("a", writable: true);
        Task second = disk.Counters.WaitForSyncAsync(2);

        file.Sync();
        Assert.Throws<StorageException>(file.Sync);
        Assert.False(second.IsCompleted);
        storage.Rename("a", "b");
        file.Sync();

        await second;
        await disk.Counters.WaitForSyncAsync(1);
        Assert.Equal((2, 1, 1), (disk.Counters.Syncs, disk.Counters.SyncsOf("a"), disk.Counters.SyncsOf("b")));
    }

    private static (SimulatedDisk Disk, IStorageFile File) AfterFailedSync(SyncFailure failure)
    {
        SimulatedDisk disk = DiskWith("a", Filled(Length, 1));
        disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync(failure)).Decide;
        IStorageFile file = disk.Mount().Open("a", writable: true);
        file.Write(0, Filled(Length, 2));
        Assert.Equal(5, Assert.Throws<StorageException>(file.Sync).Errno);
        return (disk, file);
    }
}
