using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Simulation;

public class ProcessTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_dead_process_cannot_touch_the_disk(bool killed)
    {
        SimulatedDisk disk = DiskWith("a", [1]);
        SimulatedStorage storage = disk.Mount();
        IStorageFile file = storage.Open("a", writable: true);
        if (killed)
        {
            disk.Kill();
        }
        else
        {
            disk.PowerCut(CrashStyle.Any);
        }

        DiskSnapshot before = disk.Snapshot();

        Action[] calls =
        [
            storage.CreateDirectory, () => storage.Lock(Us, false), () => storage.List(), () => storage.Create("b"),
            () => storage.Open("a", true), () => storage.Rename("a", "b"), () => storage.Delete("a"),
            storage.SyncDirectory, () => storage.FreeBytes(), () => storage.StillOwnsDirectory(),
            () => file.Write(0, [2]), () => file.Read(0, new byte[1]), file.Sync, () => _ = file.Length,
        ];
        Assert.All(calls, call => Assert.Throws<SimulatedCrashException>(call));
        file.Dispose();
        storage.Dispose();
        Assert.Null(before.DifferenceTo(disk.Snapshot()));
        Assert.Equal(0, disk.Counters.OpenFiles);
    }

    [Fact]
    public void A_crash_in_one_call_ends_every_other_handle()
    {
        SimulatedDisk disk = DiskWith("a", [1]);
        SimulatedStorage storage = disk.Mount();
        IStorageFile file = storage.Open("a", writable: true);
        disk.Faults = new FaultPlan().On(DiskOperationKind.SyncDirectory, FaultAction.Crash(CrashPhase.After)).Decide;
        Assert.Throws<SimulatedCrashException>(storage.SyncDirectory);

        Assert.Throws<SimulatedCrashException>(() => file.Write(0, [2]));

        disk.Kill();
        Assert.Equal([1], disk.ReadAll("a"));
    }

    [Fact]
    public void A_second_owner_is_refused_with_the_first_ones_identity()
    {
        SimulatedDisk disk = NewDisk();
        disk.Mount().Lock(Us, allowUnsafe: false);

        WalInUseException error = Assert.Throws<WalInUseException>(() => disk.Mount().Lock(Us, allowUnsafe: false));

        Assert.Equal((42, "here", DateTimeOffset.UnixEpoch), (error.ProcessId, error.Host, error.Since));
    }

    [Fact]
    public void The_lock_is_free_after_disposal_a_kill_and_a_power_cut()
    {
        SimulatedDisk disk = NewDisk();
        SimulatedStorage storage = disk.Mount();
        storage.Lock(Us, allowUnsafe: false);
        storage.Dispose();
        disk.Mount().Lock(Us, allowUnsafe: false);
        disk.Kill();
        disk.Mount().Lock(Us, allowUnsafe: false);
        disk.PowerCut(CrashStyle.Nothing);
        disk.Mount().Lock(Us, allowUnsafe: false);
    }

    [Fact]
    public void A_file_system_without_locks_lets_only_the_daring_in()
    {
        SimulatedDisk disk = NewDisk();
        disk.HasLocks = false;

        Assert.Throws<WalException>(() => disk.Mount().Lock(Us, allowUnsafe: false));
        disk.Mount().Lock(Us, allowUnsafe: true);
    }

    [Fact]
    public void A_directory_replaced_underneath_is_noticed()
    {
        SimulatedDisk disk = NewDisk();
        SimulatedStorage storage = disk.Mount();
        storage.Lock(Us, allowUnsafe: false);
        Assert.True(storage.StillOwnsDirectory());

        disk.ReplaceDirectory();

        Assert.False(storage.StillOwnsDirectory());
    }

    [Fact]
    public void A_clone_goes_its_own_way()
    {
        SimulatedDisk disk = DiskWith("a", Filled(1000, 1));
        IStorageFile file = disk.Mount().Open("a", writable: true);
        file.Write(0, [2]);
        SimulatedDisk clone = disk.Clone();
        DiskSnapshot before = clone.Snapshot();

        file.Write(1, [3]);
        file.Sync();
        disk.Mount().Create("b");

        Assert.Null(before.DifferenceTo(clone.Snapshot()));
        clone.Mount().Open("a", writable: true).Write(2, [4]);
        Assert.Equal([2, 3, 1], disk.ReadAll("a")[..3]);
        Assert.Equal([2, 1, 4], clone.ReadAll("a")[..3]);
        clone.PowerCut(CrashStyle.Nothing);
        Assert.Equal(Filled(1000, 1), clone.ReadAll("a"));
    }

    [Fact]
    public void A_file_opened_for_reading_refuses_writes_and_a_closed_one_everything()
    {
        SimulatedDisk disk = DiskWith("a", [1]);
        IStorageFile file = disk.Mount().Open("a", writable: false);
        Assert.Throws<StorageException>(() => file.Write(0, [2]));

        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Read(0, new byte[1]));
    }
}
