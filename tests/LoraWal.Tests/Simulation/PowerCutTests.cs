using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Simulation;

public class PowerCutTests
{
    private const int Sector = SimulatedInode.SectorBytes;

    [Fact]
    public void Synced_bytes_survive_whatever_the_style()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            SimulatedDisk disk = DiskWith("a", []);
            IStorageFile file = disk.Mount().Open("a", writable: true);
            file.Write(0, Filled(3000, 1));
            file.Sync();

            disk.PowerCut(new SeededRandom(seed));

            Assert.Equal(Filled(3000, 1), disk.ReadAll("a"));
        }
    }

    [Fact]
    public void Unsynced_bytes_survive_a_kill()
    {
        SimulatedDisk disk = DiskWith("a", []);
        disk.Mount().Open("a", writable: true).Write(10, Filled(100, 1));

        disk.Kill();

        Assert.Equal([.. new byte[10], .. Filled(100, 1)], ReadAll(disk.Mount().Open("a", writable: false)));
        Assert.Empty(disk.ReadAllDurable("a")!);
    }

    [Theory]
    [InlineData(CrashStyle.Nothing, 1)]
    [InlineData(CrashStyle.Everything, 2)]
    public void Unsynced_bytes_are_all_lost_or_all_kept_when_asked_for(CrashStyle style, byte expected)
    {
        SimulatedDisk disk = DiskWith("a", Filled(2000, 1));
        disk.Mount().Open("a", writable: true).Write(0, Filled(2000, 2));

        disk.PowerCut(style);

        Assert.Equal(Filled(2000, expected), disk.ReadAll("a"));
        Assert.Equal(Filled(2000, expected), disk.ReadAllDurable("a"));
    }

    [Fact]
    public void A_random_subset_keeps_and_loses_whole_sectors()
    {
        HashSet<string> outcomes = [];
        for (int seed = 0; seed < 200; seed++)
        {
            SimulatedDisk disk = DiskWith("a", Filled(4 * Sector, 1));
            disk.Mount().Open("a", writable: true).Write(0, Filled(4 * Sector, 2));

            disk.PowerCut(new SeededRandom(seed), CrashStyle.RandomSubset);

            byte[][] sectors = [.. disk.ReadAll("a").Chunk(Sector)];
            Assert.All(sectors, sector => Assert.Equal(Filled(Sector, sector[0]), sector));
            outcomes.Add(string.Concat(sectors.Select(sector => sector[0])));
        }

        Assert.Equal(16, outcomes.Count);
    }

    [Fact]
    public void A_sector_may_come_back_in_any_version_since_its_last_sync()
    {
        HashSet<byte> versions = [];
        for (int seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = DiskWith("a", Filled(Sector, 1));
            IStorageFile file = disk.Mount().Open("a", writable: true);
            file.Write(0, Filled(Sector, 2));
            file.Write(0, Filled(Sector, 3));
            file.Write(0, Filled(Sector, 4));

            disk.PowerCut(new SeededRandom(seed), CrashStyle.RandomVersion);

            versions.Add(disk.ReadAll("a")[0]);
        }

        Assert.Equal<byte>([1, 2, 3, 4], [.. versions.Order()]);
    }

    [Fact]
    public void A_sector_may_be_torn_between_two_versions_and_its_neighbours_stay()
    {
        int torn = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            SimulatedDisk disk = DiskWith("a", Filled(3 * Sector, 1));
            disk.Mount().Open("a", writable: true).Write(Sector, Filled(Sector, 2));

            disk.PowerCut(new SeededRandom(seed), CrashStyle.TornSectors);

            byte[] bytes = disk.ReadAll("a");
            Assert.Equal(Filled(Sector, 1), bytes[..Sector]);
            Assert.Equal(Filled(Sector, 1), bytes[(2 * Sector)..]);
            byte[] middle = bytes[Sector..(2 * Sector)];
            int changes = middle.Zip(middle.Skip(1)).Count(pair => pair.First != pair.Second);
            Assert.InRange(changes, 0, 1);
            torn += changes;
        }

        Assert.InRange(torn, 10, 190);
    }

    [Fact]
    public void A_prefix_of_the_writes_never_keeps_a_later_one_without_an_earlier_one()
    {
        HashSet<string> outcomes = [];
        for (int seed = 0; seed < 200; seed++)
        {
            SimulatedDisk disk = DiskWith("a", Filled(3 * Sector, 1));
            IStorageFile file = disk.Mount().Open("a", writable: true);
            file.Write(2 * Sector, Filled(Sector, 2));
            file.Write(Sector, Filled(Sector, 2));
            file.Write(0, Filled(Sector, 2));

            disk.PowerCut(new SeededRandom(seed), CrashStyle.OrderedPrefix);

            byte[] bytes = disk.ReadAll("a");
            outcomes.Add($"{bytes[Sector - 1]}{bytes[(2 * Sector) - 1]}{bytes[^1]}");
        }

        Assert.Equal(["111", "112", "122", "222"], outcomes.Order());
    }

    [Fact]
    public void Any_length_since_the_last_sync_may_come_back_and_what_was_lost_below_it_is_zero()
    {
        HashSet<int> lengths = [];
        for (int seed = 0; seed < 200; seed++)
        {
            SimulatedDisk disk = DiskWith("a", Filled(100, 1));
            IStorageFile file = disk.Mount().Open("a", writable: true);
            file.Write(100, Filled(1000, 2));
            file.Write(1100, Filled(1000, 3));

            disk.PowerCut(new SeededRandom(seed), CrashStyle.RandomVersion);

            byte[] bytes = disk.ReadAll("a");
            lengths.Add(bytes.Length);
            Assert.Equal(Filled(100, 1), bytes[..100]);
            Assert.All(bytes[100..], value => Assert.InRange(value, 0, 3));
        }

        Assert.Equal([100, 1100, 2100], lengths.Order());
    }

    [Fact]
    public void Bytes_beyond_the_length_that_came_back_do_not_reappear_when_the_file_grows_again()
    {
        SimulatedDisk disk = DiskWith("a", Filled(10, 1));
        for (int seed = 0; seed < 50; seed++)
        {
            SimulatedDisk copy = disk.Clone();
            copy.Mount().Open("a", writable: true).Write(10, Filled(1000, 2));
            copy.PowerCut(new SeededRandom(seed), CrashStyle.RandomVersion);
            int length = copy.ReadAll("a").Length;

            copy.Mount().Open("a", writable: true).Write(1500, [3]);

            Assert.All(copy.ReadAll("a")[length..1500], value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void The_same_seed_leaves_the_same_bytes()
    {
        SimulatedDisk disk = DiskWith("a", Filled(9000, 1));
        disk.Mount().Open("a", writable: true).Write(100, Filled(12_000, 2));
        SimulatedDisk first = disk.Clone();
        SimulatedDisk second = disk.Clone();

        first.PowerCut(new SeededRandom(5), CrashStyle.TornSectors);
        second.PowerCut(new SeededRandom(5), CrashStyle.TornSectors);

        Assert.Null(first.Snapshot().DifferenceTo(second.Snapshot()));
        disk.PowerCut(new SeededRandom(6), CrashStyle.TornSectors);
        Assert.NotNull(first.Snapshot().DifferenceTo(disk.Snapshot()));
    }
}
