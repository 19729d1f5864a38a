using LoraWal.Segments;
using LoraWal.Storage;
using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>Damages one place below a promise: the log must refuse it, at open or when it is read, or show all that it
/// had promised.</summary>
internal static class FinalDamage
{
    private const int SectorBytes = 512;

    public static void Check(CrashWorld world)
    {
        world.Disarm();
        world.Disk.CapacityBytes = null;
        world.EnsureOpen(0);
        List<WalTransaction> known = world.ReadAll(world.Wal!);
        ulong promised = world.Wal!.Status.DurableLsn.Value;
        world.Crash(isPowerCut: world.Random.OneIn(2));
        if (!Damage(world))
        {
            return;
        }

        List<WalTransaction> found = [];
        try
        {
            Wal wal = world.Log.Open();
            foreach (WalTransaction transaction in CrashWorld.Collect(wal, default))
            {
                world.Oracle.Match(transaction);
                found.Add(transaction);
            }

            Oracle.Require(
                wal.Status.NextLsn.Value > promised,
                $"LSNs begin again at {wal.Status.NextLsn}, {promised} was durable");
        }
        catch (WalException refused)
        {
            world.Note($"refused: {refused.Message}");
            return;
        }

        world.Note("not refused");
        Oracle.Require(
            found.Select(transaction => transaction.LastLsn).SequenceEqual(known.Select(other => other.LastLsn)),
            $"{known.Count - found.Count} of {known.Count} transactions are gone without a word");
    }

    private static bool Damage(CrashWorld world)
    {
        SeededRandom random = world.Random;
        SimulatedDisk disk = world.Disk;
        string[] names = [.. disk.Names.Where(name => name.EndsWith(".wal", StringComparison.Ordinal))];
        string name = names[random.Next(names.Length)];
        long end = name == names[^1] ? ProvenEnd(disk, name) : disk.ReadAll(name).Length;
        long offset = random.OneIn(8) ? random.Next(0, 100) : random.NextInt64(0, end);
        long sector = offset / SectorBytes * SectorBytes;
        int length = (int)Math.Min(SectorBytes, end - sector);
        switch (random.Next(4))
        {
            case < 2:
                world.Note($"damage: bit of {name} at {offset}");
                disk.Damage.FlipBit(name, offset, random.Next(8));
                break;
            case 2:
                world.Note($"damage: zeros in {name} at {sector}, +{length}");
                disk.Damage.ZeroRange(name, sector, length);
                break;
            default:
                string from = names[random.Next(names.Length)];
                long source = random.NextInt64(0, disk.ReadAll(from).Length / SectorBytes) * SectorBytes;
                world.Note($"damage: {from} at {source} over {name} at {sector}, +{length}");
                disk.Damage.CopyRange(from, source, name, sector, length);
                break;
        }

        return true;
    }

    /// <summary>Where the last frame of the active segment begins, if it promises everything before it.</summary>
    private static long ProvenEnd(SimulatedDisk disk, string name)
    {
        using IStorageFile file = disk.Mount().Open(name, writable: false);
        SegmentHeader header = SegmentFiles.ReadHeader(file, long.Parse(name[..10], null));
        var reader = new FrameReader(file, header);
        (long start, long proven, ulong next) = (reader.Offset, SegmentLayout.HeaderBlockBytes, header.BaseLsn);
        while (reader.Read(header.FileBytes) == FrameStatus.Ok)
        {
            proven = reader.Header.Promise >= next - 1 && next > header.BaseLsn ? start : proven;
            (start, next) = (reader.Offset, reader.ExpectedLsn);
        }

        return proven;
    }
}
