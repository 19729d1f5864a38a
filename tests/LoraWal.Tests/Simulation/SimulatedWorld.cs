using LoraWal.Storage;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Simulation;

/// <summary>Verbs for tests of the simulated disk.</summary>
internal static class SimulatedWorld
{
    public static readonly OwnerRecord Us = new(42, "here", DateTimeOffset.UnixEpoch);

    /// <summary>A disk whose directory exists and is durable.</summary>
    public static SimulatedDisk NewDisk(long seed = 1)
    {
        SimulatedDisk disk = new(seed);
        disk.Mount().CreateDirectory();
        return disk;
    }

    /// <summary>A disk with one durable file.</summary>
    public static SimulatedDisk DiskWith(string name, byte[] bytes, long seed = 1)
    {
        SimulatedDisk disk = NewDisk(seed);
        disk.Damage.WriteAll(name, bytes);
        return disk;
    }

    public static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    public static byte[] ReadAll(IStorageFile file)
    {
        byte[] bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }
}
