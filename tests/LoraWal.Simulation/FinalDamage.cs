using LoraWal.Records;
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
        world.Oracle.Evidence.Check(world);
        world.Crash(isPowerCut: world.Random.OneIn(2));
        if (world.Random.OneIn(4))
        {
            CheckGarbage(world, known);
            return;
        }

        string damaged = Damage(world);
        Dictionary<string, byte[]> before = ReadSegments(world.Disk);
        List<WalTransaction> found = [];
        bool isOpen = false;
        try
        {
            Wal wal = world.Log.Open();
            isOpen = true;
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
            CheckUntouched(world.Disk, before, isOpen && before.ContainsKey(damaged) ? damaged : null);
            return;
        }

        catch (Exception other) when (other is not BrokenPromiseException)
        {
            throw new BrokenPromiseException($"not refused, but ended by {other.GetType().Name}: {other.Message}");
        }

        world.Note("not refused");
        IEnumerable<Lsn> missing = known.Select(other => other.LastLsn).Except(found.Select(other => other.LastLsn));
        Oracle.Require(
            found.Count <= known.Count && missing.All(lsn => lsn.Value <= world.Oracle.TruncateFence),
            $"{known.Count - found.Count} of {known.Count} transactions are gone without a word");
    }

    // Behind the last frame nothing is promised: whatever bytes are there are a torn tail, and no reason to refuse.
    private static void CheckGarbage(CrashWorld world, List<WalTransaction> known)
    {
        string name = world.Disk.Names.Last(CrashWorld.IsSegment);
        int size = world.Disk.ReadAll(name).Length;
        int end = (int)EndOfFrames(world.Disk, name);
        byte[] garbage = new byte[world.Random.Next(1, Math.Min(2000, size - end))];
        world.Random.NextBytes(garbage);
        world.Note($"garbage: {garbage.Length} bytes in {name} at {end}");
        world.Disk.Damage.Overwrite(name, end, garbage);
        List<WalTransaction> found = CrashWorld.Collect(world.Log.Open(), default);
        Oracle.Require(found.Count == known.Count, $"{found.Count} of {known.Count} transactions before the garbage");
    }

    // Damage that an open refuses is left as it is, for a person to decide. What only a reader meets lies in a sealed
    // segment, which the open had no reason to change; a missing segment is met by the open.
    private static void CheckUntouched(SimulatedDisk disk, Dictionary<string, byte[]> before, string? only)
    {
        Dictionary<string, byte[]> now = ReadSegments(disk);
        foreach ((string name, byte[] bytes) in before)
        {
            Oracle.Require(
                (only is not null && only != name)
                || (now.TryGetValue(name, out byte[]? left) && left.AsSpan().SequenceEqual(bytes)),
                $"refused, and yet {name} has been changed");
        }
    }

    private static Dictionary<string, byte[]> ReadSegments(SimulatedDisk disk) =>
        disk.Names.Where(CrashWorld.IsSegment).ToDictionary(name => name, disk.ReadAll);

    private static string Damage(CrashWorld world)
    {
        SeededRandom random = world.Random;
        SimulatedDisk disk = world.Disk;
        string[] names = [.. disk.Names.Where(CrashWorld.IsSegment)];
        string name = names[random.Next(names.Length)];
        long end = name == names[^1] ? ProvenEnd(disk, name) : disk.ReadAll(name).Length;
        long offset = random.OneIn(8) ? random.Next(0, 100) : random.NextInt64(0, end);
        long sector = offset / SectorBytes * SectorBytes;
        int length = (int)Math.Min(SectorBytes, end - sector);
        switch (random.Next(names.Length > 1 ? 7 : 6))
        {
            case < 2:
                world.Note($"damage: bit of {name} at {offset}");
                disk.Damage.FlipBit(name, offset, random.Next(8));
                break;
            case 2:
                world.Note($"damage: zeros in {name} at {sector}, +{length}");
                disk.Damage.ZeroRange(name, sector, length);
                break;
            case 3:
                string from = names[random.Next(names.Length)];
                long source = random.NextInt64(0, disk.ReadAll(from).Length / SectorBytes) * SectorBytes;
                world.Note($"damage: {from} at {source} over {name} at {sector}, +{length}");
                disk.Damage.CopyRange(from, source, name, sector, length);
                break;
            case < 6:
                world.Note($"damage: {name} ends at {sector}");
                disk.Damage.TruncateFile(name, sector);
                break;
            default:
                world.Note($"damage: {name} is missing");
                disk.Damage.DeleteFile(name);
                break;
        }

        return name;
    }

    /// <summary>Where the last frame of the active segment begins, if it promises everything before it: the open marker
    /// has to, whether or not it does.</summary>
    private static long ProvenEnd(SimulatedDisk disk, string name) => Ends(disk, name).Proven;

    private static long EndOfFrames(SimulatedDisk disk, string name) => Ends(disk, name).End;

    private static (long Proven, long End) Ends(SimulatedDisk disk, string name)
    {
        using IStorageFile file = disk.Mount().Open(name, writable: false);
        SegmentHeader header = SegmentFiles.ReadHeader(file, long.Parse(name[..10], null));
        var reader = new FrameReader(file, header);
        (long start, long proven, ulong next) = (reader.Offset, SegmentLayout.HeaderBlockBytes, header.BaseLsn);
        while (reader.Read(header.FileBytes) == FrameStatus.Ok)
        {
            bool isOpenMarker = Marker.TryDecode(reader.Payload.Span, out Marker marker)
                && reader.Header.Kind == FrameKind.Marker && marker.Reason == MarkerReason.Open;
            bool isPromised = reader.Header.Promise >= next - 1 && next > header.BaseLsn;
            proven = isOpenMarker || isPromised ? start : proven;
            (start, next) = (reader.Offset, reader.ExpectedLsn);
        }

        return (proven, start);
    }
}
