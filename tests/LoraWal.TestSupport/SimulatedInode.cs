using System.Diagnostics;

namespace LoraWal.TestSupport;

/// <summary>The bytes of one file: as the page cache holds them, as the disk does, and the writes in between.</summary>
//
//   cache    what every process reads
//   disk     what a power cut leaves for sure
//   pending  every write since the last sync, each with the whole sectors it touched as they were after it: the
//            versions of a sector are its images in this list, after the one on disk
//   lengths  every length since the last sync
//
// A failed sync takes writes off the list although the disk has not got them: cache and disk then differ in sectors
// that are clean, and stay so until the cache is dropped or the sector written again.
//
// INVARIANT: the cache is zero beyond the length, up to the end of its array; arrays are whole sectors. Arrays are
// shared with clones and copied before the first change.
internal sealed class SimulatedInode
{
    public const int SectorBytes = 512;

    private const int LeastBytes = 16 * 1024;
    private static readonly byte[] ZeroPage = new byte[4096];

    private readonly List<PendingWrite> _pending = [];
    private readonly List<PendingLength> _lengths = [];
    private byte[] _cache = [];
    private byte[] _disk = [];
    private bool _cacheShared = true;
    private bool _diskShared = true;
    private bool _areTwins; // cache and disk are one array, and nobody else has it
    private bool _differsWhereClean;
    private long _sequence;

    public SimulatedInode(string name) => Name = name;

    /// <summary>The file's present name.</summary>
    public string Name { get; set; }

    public int Length { get; private set; }

    public int DurableLength { get; private set; }

    public bool IsDirty => _pending.Count > 0 || _lengths.Count > 0;

    public ReadOnlySpan<byte> CacheBytes => _cache.AsSpan(0, Length);

    /// <summary>The bytes a power cut leaves for sure.</summary>
    public ReadOnlySpan<byte> DurableBytes => _disk.AsSpan(0, DurableLength);

    public int Read(long offset, Span<byte> target)
    {
        if (offset >= Length)
        {
            return 0;
        }

        int count = (int)Math.Min(target.Length, Length - offset);
        _cache.AsSpan((int)offset, count).CopyTo(target);
        return count;
    }

    public void Write(int offset, ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty)
        {
            return;
        }

        int end = checked(offset + source.Length);
        Own(ref _cache, ref _cacheShared, end);
        _diskShared &= !_areTwins;
        _areTwins = false;
        source.CopyTo(_cache.AsSpan(offset));
        _sequence++;
        if (end > Length)
        {
            Length = end;
            _lengths.Add(new PendingLength(_sequence, end));
        }

        int first = offset / SectorBytes;
        int last = (end - 1) / SectorBytes;
        _pending.Add(new PendingWrite(_sequence, first, Image(first, last - first + 1)));
    }

    /// <summary>What a sync that begins now covers.</summary>
    public long BeginSync() => _sequence;

    /// <summary>The sync that covers so much has succeeded.</summary>
    public void CompleteSync(long covered)
    {
        int count = CountCovered(covered);
        for (int at = 0; at < count; at++)
        {
            ApplyToDisk(_pending[at]);
        }

        _pending.RemoveRange(0, count);
        TakeLengths(covered);
    }

    /// <summary>The sync that covers so much has failed: a random half of the sectors is on disk, all clean.</summary>
    /// <remarks>The length is metadata: it reaches the disk by chance, and else stays pending.</remarks>
    public void FailSync(long covered, SyncFailure failure, Random random)
    {
        int count = CountCovered(covered);
        bool[] reached = new bool[SectorCount()];
        for (int sector = 0; sector < reached.Length; sector++)
        {
            reached[sector] = random.Next(2) == 0;
        }

        for (int at = 0; at < count; at++)
        {
            ApplyToDisk(_pending[at], reached);
        }

        _pending.RemoveRange(0, count);
        _differsWhereClean |= count > 0;
        if (random.Next(2) == 0)
        {
            TakeLengths(covered);
        }

        if (failure == SyncFailure.RevertCache)
        {
            DropCache();
        }
    }

    /// <summary>Forgets what the cache holds of clean sectors.</summary>
    public void DropCache()
    {
        if (!_differsWhereClean)
        {
            return;
        }

        byte[] cache = new byte[_cache.Length];
        _disk.AsSpan(0, Math.Min(_disk.Length, cache.Length)).CopyTo(cache);
        foreach (PendingWrite write in _pending)
        {
            write.Image.CopyTo(cache.AsSpan(write.FirstSector * SectorBytes));
        }

        cache.AsSpan(Length).Clear();
        (_cache, _cacheShared, _differsWhereClean) = (cache, false, false);
    }

    /// <summary>The power fails. Afterwards the cache is what the disk is.</summary>
    public void PowerCut(Random random, CrashStyle style)
    {
        if (IsDirty)
        {
            DurableLength = new CrashImage(_disk, DurableLength, _pending, _lengths).Choose(random, style, out _disk);
            _diskShared = false;
            _pending.Clear();
            _lengths.Clear();
        }
        else if (!_differsWhereClean)
        {
            return;
        }

        Own(ref _disk, ref _diskShared, DurableLength);
        _disk.AsSpan(DurableLength).Clear();
        ShareDisk();
    }

    /// <summary>Puts these bytes into cache and disk alike, with nothing pending.</summary>
    public void Replace(ReadOnlySpan<byte> bytes)
    {
        _disk = new byte[RoundUp(bytes.Length)];
        bytes.CopyTo(_disk);
        DurableLength = bytes.Length;
        _pending.Clear();
        _lengths.Clear();
        ShareDisk();
    }

    /// <summary>Changes bytes in every place that has them: cache, disk, and pending writes.</summary>
    public void Damage(int offset, int length, Func<byte, int, byte> change)
    {
        Debug.Assert(offset >= 0 && length >= 0 && offset + length <= Length, "Damage lies within the file.");
        Own(ref _cache, ref _cacheShared, Length);
        Own(ref _disk, ref _diskShared, DurableLength);
        DamageRange(_cache, 0);
        DamageRange(_disk, 0);
        for (int at = 0; at < _pending.Count; at++)
        {
            byte[] image = [.. _pending[at].Image];
            DamageRange(image, _pending[at].FirstSector * SectorBytes);
            _pending[at] = _pending[at] with { Image = image };
        }

        void DamageRange(byte[] target, int start)
        {
            for (int at = Math.Max(offset, start); at < Math.Min(offset + length, start + target.Length); at++)
            {
                target[at - start] = change(target[at - start], at - offset);
            }
        }
    }

    /// <summary>A copy that shares the bytes until one of the two changes.</summary>
    public SimulatedInode Clone()
    {
        _cacheShared = _diskShared = true;
        _areTwins = false;
        SimulatedInode clone = new(Name)
        {
            _cache = _cache,
            _disk = _disk,
            _differsWhereClean = _differsWhereClean,
            _sequence = _sequence,
            Length = Length,
            DurableLength = DurableLength,
        };
        clone._pending.AddRange(_pending);
        clone._lengths.AddRange(_lengths);
        return clone;
    }

    // Files begin as a page of zeros after the other: these share one image, which nobody changes.
    private byte[] Image(int firstSector, int count)
    {
        ReadOnlySpan<byte> sectors = _cache.AsSpan(firstSector * SectorBytes, count * SectorBytes);
        return sectors.Length == ZeroPage.Length && sectors.SequenceEqual(ZeroPage) ? ZeroPage : sectors.ToArray();
    }

    private static int RoundUp(int length) => (length + SectorBytes - 1) / SectorBytes * SectorBytes;

    private static void Own(ref byte[] bytes, ref bool shared, int length)
    {
        if (length > bytes.Length)
        {
            int twice = Math.Max(Math.Min(bytes.Length, 1 << 29) * 2, LeastBytes);
            Array.Resize(ref bytes, Math.Max(RoundUp(length), twice));
            shared = false;
        }
        else if (shared)
        {
            bytes = [.. bytes];
            shared = false;
        }
    }

    private void ShareDisk()
    {
        _areTwins = !_diskShared;
        (_cache, _cacheShared, _diskShared) = (_disk, true, true);
        (Length, _differsWhereClean) = (DurableLength, false);
    }

    private int SectorCount() => _cache.Length / SectorBytes;

    private int CountCovered(long covered)
    {
        int count = _pending.Count;
        while (count > 0 && _pending[count - 1].Sequence > covered)
        {
            count--;
        }

        return count;
    }

    private void TakeLengths(long covered)
    {
        int count = 0;
        for (; count < _lengths.Count && _lengths[count].Sequence <= covered; count++)
        {
            DurableLength = _lengths[count].Length;
        }

        _lengths.RemoveRange(0, count);
        Own(ref _disk, ref _diskShared, DurableLength);
    }

    private void ApplyToDisk(PendingWrite write, bool[]? reached = null)
    {
        int start = write.FirstSector * SectorBytes;
        Own(ref _disk, ref _diskShared, start + write.Image.Length);
        if (reached is null)
        {
            write.Image.CopyTo(_disk.AsSpan(start));
            return;
        }

        for (int at = 0; at < write.Image.Length; at += SectorBytes)
        {
            if (reached[(start + at) / SectorBytes])
            {
                write.Image.AsSpan(at, SectorBytes).CopyTo(_disk.AsSpan(start + at));
            }
        }
    }
}
