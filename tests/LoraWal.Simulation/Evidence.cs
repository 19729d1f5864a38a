using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>The torn bytes that recovery has set aside: what an operator has seen once must never change.</summary>
internal sealed class Evidence
{
    private readonly Dictionary<string, byte[]> _kept = [];

    public static bool IsTorn(string name) => name.EndsWith(".torn", StringComparison.Ordinal);

    /// <summary>Checks the evidence after an open, the new one included.</summary>
    public void Check(CrashWorld world)
    {
        SimulatedDisk disk = world.Disk;
        string[] names = [.. disk.Names.Where(IsTorn)];
        foreach ((string name, byte[] bytes) in _kept)
        {
            Oracle.Require(names.Contains(name), $"the evidence {name} is gone");
            Oracle.Require(disk.ReadAll(name).AsSpan().SequenceEqual(bytes), $"the evidence {name} has changed");
        }

        RecoveryReport report = world.Wal!.Recovery;
        if (report.SetAsideAs is { } torn)
        {
            // Torn bytes end in one that is not zero.
            byte[] bytes = disk.ReadAll(torn);
            Oracle.Require(
                bytes.Length == report.TornBytes && bytes is [.., not 0],
                $"{torn} has {bytes.Length} bytes, not the {report.TornBytes} that were torn, or other ones");
        }

        Oracle.Require(
            report.TornBytes == 0 || report.SetAsideAs is not null || !world.Profile.IsHealthy,
            $"{report.TornBytes} torn bytes are gone, and the disk was not full");
        foreach (string name in names)
        {
            _kept.TryAdd(name, disk.ReadAll(name));
        }
    }
}
