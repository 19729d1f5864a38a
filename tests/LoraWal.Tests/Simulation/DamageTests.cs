using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Simulation;

public class DamageTests
{
    [Fact]
    public void Damage_is_in_the_cache_and_on_the_disk()
    {
        SimulatedDisk disk = DiskWith("a", Filled(1000, 1));

        disk.Damage.FlipBit("a", 700, 3);
        disk.Damage.ZeroRange("a", 10, 5);
        disk.Damage.CopyRange("a", 8, "a", 500, 4);

        byte[] expected = Filled(1000, 1);
        expected[700] = 9;
        expected.AsSpan(10, 5).Clear();
        expected.AsSpan(502, 2).Clear();
        Assert.Equal(expected, disk.ReadAll("a"));
        Assert.Equal(expected, disk.ReadAllDurable("a"));
    }

    [Theory]
    [InlineData(CrashStyle.Nothing, 1)]
    [InlineData(CrashStyle.Everything, 2)]
    public void Damage_stays_whatever_becomes_of_unsynced_writes(CrashStyle style, byte value)
    {
        SimulatedDisk disk = DiskWith("a", Filled(1000, 1));
        disk.Mount().Open("a", writable: true).Write(0, Filled(1000, 2));

        disk.Damage.FlipBit("a", 600, 7);

        disk.PowerCut(style);
        byte[] expected = Filled(1000, value);
        expected[600] ^= 0x80;
        Assert.Equal(expected, disk.ReadAll("a"));
    }

    [Fact]
    public void Files_can_be_cut_copied_renamed_and_deleted_for_good()
    {
        SimulatedDisk disk = DiskWith("a", [1, 2, 3]);

        disk.Damage.CopyFile("a", "b");
        disk.Damage.TruncateFile("a", 1);
        disk.Damage.RenameFile("b", "c");
        disk.Damage.WriteAll("d", []);
        disk.Damage.DeleteFile("d");

        disk.PowerCut(CrashStyle.Nothing);
        Assert.Equal(["a", "c"], disk.Names);
        Assert.Equal([1], disk.ReadAll("a"));
        Assert.Equal([1, 2, 3], disk.ReadAll("c"));
    }

    [Fact]
    public void Snapshots_differ_by_one_bit_one_name_or_one_sync()
    {
        SimulatedDisk disk = DiskWith("a", Filled(1000, 1));
        DiskSnapshot before = disk.Snapshot();
        Assert.Null(before.DifferenceTo(disk.Snapshot()));

        disk.Damage.FlipBit("a", 999, 0);
        Assert.Equal("cache: a at offset 999: 01, later 00", before.DifferenceTo(disk.Snapshot()));
        disk.Damage.FlipBit("a", 999, 0);
        Assert.Null(before.DifferenceTo(disk.Snapshot()));

        SimulatedStorage storage = disk.Mount();
        storage.Create("b");
        DiskSnapshot unsynced = disk.Snapshot();
        Assert.Equal("cache: names [a], later [a, b]", before.DifferenceTo(unsynced));
        storage.SyncDirectory();
        Assert.Equal("disk: names [a], later [a, b]", unsynced.DifferenceTo(disk.Snapshot()));
    }
}
