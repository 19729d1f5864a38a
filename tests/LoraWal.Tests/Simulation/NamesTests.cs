using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Simulation;

public class NamesTests
{
    [Fact]
    public void Unsynced_name_vanishes_in_a_power_cut()
    {
        SimulatedDisk disk = NewDisk();
        IStorageFile file = disk.Mount().Create("a");
        file.Write(0, [1, 2, 3]);
        file.Sync();

        disk.PowerCut(CrashStyle.Nothing);

        Assert.Empty(disk.Names);
    }

    [Fact]
    public void Unsynced_name_survives_a_kill()
    {
        SimulatedDisk disk = NewDisk();
        disk.Mount().Create("a");

        disk.Kill();

        Assert.Equal(["a"], disk.Mount().List());
        Assert.Empty(disk.DurableNames);
    }

    [Fact]
    public void Synced_name_survives_but_its_unsynced_bytes_do_not()
    {
        SimulatedDisk disk = NewDisk();
        SimulatedStorage storage = disk.Mount();
        storage.Create("a").Write(0, [1, 2, 3]);
        storage.SyncDirectory();

        disk.PowerCut(CrashStyle.Nothing);

        Assert.Equal(["a"], disk.Names);
        Assert.Empty(disk.ReadAll("a"));
    }

    [Fact]
    public void Unsynced_rename_and_delete_are_undone()
    {
        SimulatedDisk disk = DiskWith("a", [1]);
        disk.Damage.WriteAll("b", [2]);
        SimulatedStorage storage = disk.Mount();
        storage.Rename("a", "c");
        storage.Delete("b");

        disk.PowerCut(CrashStyle.Nothing);

        Assert.Equal(["a", "b"], disk.Names);
        Assert.Equal([1], disk.ReadAll("a"));
    }

    [Fact]
    public void A_journal_keeps_a_prefix_of_the_changes()
    {
        HashSet<string> outcomes = CrashOutcomes(DirectoryCrash.OrderedPrefix);

        Assert.Equal(["a", "a,b", "a,b.tmp", "b"], outcomes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_a_journal_any_of_the_changes_may_be_lost_and_no_file_has_two_names()
    {
        HashSet<string> outcomes = CrashOutcomes(DirectoryCrash.Subset);

        Assert.Contains("", outcomes);
        Assert.Contains("b.tmp", outcomes);
        Assert.DoesNotContain(outcomes, names => names.Contains("b,b.tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void A_directory_that_was_never_synced_may_vanish_as_a_whole()
    {
        SimulatedDisk disk = new();
        disk.Faults = new FaultPlan()
            .On(DiskOperationKind.CreateDirectory, FaultAction.Crash(CrashPhase.Mid)).Decide;
        Assert.Throws<SimulatedCrashException>(disk.Mount().CreateDirectory);
        disk.Kill();
        SimulatedStorage storage = disk.Mount();
        storage.Create("a").Sync();
        storage.SyncDirectory();
        Assert.Equal(["a"], storage.List());

        disk.PowerCut(CrashStyle.Nothing);

        Assert.Equal(StorageError.NotFound, Assert.Throws<StorageException>(disk.Mount().List).Error);
        Assert.Empty(disk.Names);
    }

    [Fact]
    public void A_directory_made_by_the_storage_is_durable()
    {
        SimulatedDisk disk = NewDisk();

        disk.PowerCut(CrashStyle.Nothing);

        Assert.Empty(disk.Mount().List());
    }

    [Fact]
    public void A_failed_sync_of_the_directory_leaves_the_names_to_the_next_one()
    {
        SimulatedDisk disk = NewDisk();
        disk.Faults = new FaultPlan().On(DiskOperationKind.SyncDirectory, FaultAction.FailSync()).Decide;
        SimulatedStorage storage = disk.Mount();
        storage.Create("a");
        storage.Create("b");
        Assert.Throws<StorageException>(storage.SyncDirectory);
        Assert.NotEqual(["a", "b"], disk.DurableNames);

        storage.SyncDirectory();

        Assert.Equal(["a", "b"], disk.DurableNames);
    }

    [Fact]
    public void Names_are_refused_as_a_file_system_refuses_them()
    {
        SimulatedDisk disk = DiskWith("a", []);
        disk.Damage.WriteAll("b", []);
        SimulatedStorage storage = disk.Mount();

        Assert.Equal(StorageError.Exists, Assert.Throws<StorageException>(() => storage.Create("a")).Error);
        Assert.Equal(StorageError.Exists, Assert.Throws<StorageException>(() => storage.Rename("a", "b")).Error);
        Assert.Equal(StorageError.NotFound, Assert.Throws<StorageException>(() => storage.Open("c", false)).Error);
        Assert.False(storage.Delete("c"));
        Assert.True(storage.Delete("b"));
    }

    [Fact]
    public void A_deleted_file_stays_readable_through_an_open_handle()
    {
        SimulatedDisk disk = DiskWith("a", [1, 2]);
        SimulatedStorage storage = disk.Mount();
        IStorageFile file = storage.Open("a", writable: false);

        storage.Delete("a");

        Assert.Equal([1, 2], ReadAll(file));
    }

    private static HashSet<string> CrashOutcomes(DirectoryCrash crash)
    {
        HashSet<string> outcomes = [];
        for (int seed = 0; seed < 300; seed++)
        {
            SimulatedDisk disk = DiskWith("a", []);
            SimulatedStorage storage = disk.Mount();
            storage.Create("b.tmp");
            storage.Rename("b.tmp", "b");
            storage.Delete("a");
            disk.PowerCut(new SeededRandom(seed), CrashStyle.RandomVersion, crash);
            outcomes.Add(string.Join(',', disk.Names));
        }

        return outcomes;
    }
}
