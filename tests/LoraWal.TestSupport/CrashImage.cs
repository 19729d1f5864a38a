namespace LoraWal.TestSupport;

/// <summary>Chooses what a power cut leaves of one file.</summary>
internal readonly ref struct CrashImage(
    byte[] disk, int durableLength, List<PendingWrite> pending, List<PendingLength> lengths)
{
    private const int SectorBytes = SimulatedInode.SectorBytes;

    private readonly byte[] _disk = disk;
    private readonly int _durableLength = durableLength;
    private readonly List<PendingWrite> _pending = pending;
    private readonly List<PendingLength> _lengths = lengths;

    /// <summary>The bytes and the length that are left.</summary>
    public int Choose(Random random, CrashStyle style, out byte[] bytes)
    {
        if (style == CrashStyle.Any)
        {
            style = (CrashStyle)random.Next((int)CrashStyle.Nothing, (int)CrashStyle.TornSectors + 1);
        }

        bytes = NewImage();
        switch (style)
        {
            case CrashStyle.Nothing:
                return _durableLength;
            case CrashStyle.Everything:
                ApplySome(bytes, _pending.Count);
                return LengthAt(long.MaxValue);
            case CrashStyle.OrderedPrefix:
                return ApplyPrefix(bytes, random);
            case CrashStyle.RandomSubset:
                ApplySubset(bytes, random);
                break;
            case CrashStyle.RandomVersion:
                ApplyVersions(bytes, random);
                break;
            default:
                ApplyVersions(bytes, random);
                Tear(bytes, random);
                break;
        }

        int choice = random.Next(_lengths.Count + 1);
        return choice == 0 ? _durableLength : _lengths[choice - 1].Length;
    }

    private byte[] NewImage()
    {
        int size = Math.Max(_disk.Length, (LengthAt(long.MaxValue) + SectorBytes - 1) / SectorBytes * SectorBytes);
        foreach (PendingWrite write in _pending)
        {
            size = Math.Max(size, (write.FirstSector * SectorBytes) + write.Image.Length);
        }

        byte[] image = new byte[size];
        _disk.CopyTo(image, 0);
        return image;
    }

    private int LengthAt(long sequence)
    {
        int length = _durableLength;
        foreach (PendingLength pending in _lengths)
        {
            length = pending.Sequence <= sequence ? pending.Length : length;
        }

        return length;
    }

    private void ApplySome(byte[] bytes, int count)
    {
        for (int at = 0; at < count; at++)
        {
            _pending[at].Image.CopyTo(bytes.AsSpan(_pending[at].FirstSector * SectorBytes));
        }
    }

    private int ApplyPrefix(byte[] bytes, Random random)
    {
        int count = random.Next(_pending.Count + 1);
        ApplySome(bytes, count);
        if (count < _pending.Count)
        {
            PendingWrite half = _pending[count];
            int reached = random.Next(half.Image.Length);
            half.Image.AsSpan(0, reached).CopyTo(bytes.AsSpan(half.FirstSector * SectorBytes));
        }

        int whole = count == 0 ? _durableLength : LengthAt(_pending[count - 1].Sequence);
        int next = count == _pending.Count ? LengthAt(long.MaxValue) : LengthAt(_pending[count].Sequence);
        return random.Next(2) == 0 ? whole : next;
    }

    // The share of sectors that survive is drawn anew for each cut: one sector lost out of many, or one alone that
    // made it, would else hardly ever happen.
    private void ApplySubset(byte[] bytes, Random random)
    {
        ReadOnlySpan<int> shares = [1, 4, 16, 28, 31];
        int share = shares[random.Next(shares.Length)];
        bool[] reached = new bool[bytes.Length / SectorBytes];
        for (int sector = 0; sector < reached.Length; sector++)
        {
            reached[sector] = random.Next(32) < share;
        }

        foreach (PendingWrite write in _pending)
        {
            for (int at = 0; at < write.Image.Length; at += SectorBytes)
            {
                int start = (write.FirstSector * SectorBytes) + at;
                if (reached[start / SectorBytes])
                {
                    write.Image.AsSpan(at, SectorBytes).CopyTo(bytes.AsSpan(start));
                }
            }
        }
    }

    // One pass, each version equally likely: the n-th one seen replaces the choice so far once in n times.
    private int[] ApplyVersions(byte[] bytes, Random random)
    {
        int[] versions = new int[bytes.Length / SectorBytes];
        foreach (PendingWrite write in _pending)
        {
            for (int at = 0; at < write.Image.Length; at += SectorBytes)
            {
                int start = (write.FirstSector * SectorBytes) + at;
                int seen = ++versions[start / SectorBytes];
                if (random.Next(seen + 1) == 0)
                {
                    write.Image.AsSpan(at, SectorBytes).CopyTo(bytes.AsSpan(start));
                }
            }
        }

        return versions;
    }

    private void Tear(byte[] bytes, Random random)
    {
        byte[] other = NewImage();
        int[] versions = ApplyVersions(other, random);
        for (int sector = 0; sector < versions.Length; sector++)
        {
            if (versions[sector] > 0 && random.Next(3) == 0)
            {
                int from = (sector * SectorBytes) + random.Next(1, SectorBytes);
                other.AsSpan(from..((sector + 1) * SectorBytes)).CopyTo(bytes.AsSpan(from));
            }
        }
    }
}
