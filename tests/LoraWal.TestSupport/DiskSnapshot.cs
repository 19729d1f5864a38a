namespace LoraWal.TestSupport;

/// <summary>State of a simulated disk at one moment: names and bytes, in the cache and on the disk.</summary>
internal sealed class DiskSnapshot
{
    private readonly SimulatedDisk _disk;

    internal DiskSnapshot(SimulatedDisk disk) => _disk = disk;

    /// <summary>The first difference to another state in words; null if there is none.</summary>
    public string? DifferenceTo(DiskSnapshot later)
    {
        SimulatedDirectory before = _disk.Directory;
        SimulatedDirectory after = later._disk.Directory;
        if (before.Exists != after.Exists || before.IsDurable != after.IsDurable)
        {
            return $"directory: exists {before.Exists}, durable {before.IsDurable}; "
                + $"later exists {after.Exists}, durable {after.IsDurable}";
        }

        return Compare("cache", before.Current, after.Current, cached: true)
            ?? Compare("disk", before.Durable, after.Durable, cached: false);
    }

    private static string? Compare(
        string place,
        SortedList<string, SimulatedInode> before,
        SortedList<string, SimulatedInode> after,
        bool cached)
    {
        if (!before.Keys.SequenceEqual(after.Keys, StringComparer.Ordinal))
        {
            return $"{place}: names [{string.Join(", ", before.Keys)}], later [{string.Join(", ", after.Keys)}]";
        }

        foreach ((string name, SimulatedInode inode) in before)
        {
            ReadOnlySpan<byte> old = cached ? inode.CacheBytes : inode.DurableBytes;
            ReadOnlySpan<byte> now = cached ? after[name].CacheBytes : after[name].DurableBytes;
            if (old.Length != now.Length)
            {
                return $"{place}: length of {name} {old.Length}, later {now.Length}";
            }

            int at = old.CommonPrefixLength(now);
            if (at < old.Length)
            {
                return $"{place}: {name} at offset {at}: {old[at]:x2}, later {now[at]:x2}";
            }
        }

        return null;
    }
}
