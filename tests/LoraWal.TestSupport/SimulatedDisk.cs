namespace LoraWal.TestSupport;

/// <summary>A disk with its page cache, holding one log directory, that loses what real ones may lose.</summary>
/// <remarks>
/// <para>A process opens it by <see cref="Mount"/> and dies by <see cref="Kill"/>, which leaves the cache, or by
/// <see cref="PowerCut(Random, CrashStyle, DirectoryCrash)"/>, which leaves the disk and a choice of what was not
/// synced. Whatever a dead process still calls throws <see cref="SimulatedCrashException"/>.</para>
/// <para>The same seeds and the same calls in the same order give the same bytes.</para>
/// </remarks>
/// <threadsafety>Safe for use by several threads; one lock serves all.</threadsafety>
internal sealed class SimulatedDisk
{
    private SimulatedDirectory _directory = new();
    private long? _capacityBytes;

    /// <summary>An empty disk; the log's directory does not exist yet.</summary>
    /// <param name="seed">Decides what failing syncs and half-done writes leave.</param>
    public SimulatedDisk(long seed = 1)
    {
        Random = new SeededRandom(seed);
        Damage = new DiskDamage(this);
    }

    /// <summary>Decides about each call before it takes effect; null: no faults. Called under the disk's lock. May
    /// call <see cref="Clone"/>, to keep the state just before a call.</summary>
    public Func<DiskOperation, FaultAction>? Faults
    {
        get => Bus.Faults;
        set => Bus.Faults = value;
    }

    /// <summary>What has been done here.</summary>
    public DiskCounters Counters => Bus.Counters;

    /// <summary>Changes that no process made.</summary>
    public DiskDamage Damage { get; }

    /// <summary>Room for the lengths of all files together; null: no limit. May change at any time.</summary>
    public long? CapacityBytes
    {
        get
        {
            lock (Bus.Lock)
            {
                return _capacityBytes;
            }
        }

        set
        {
            lock (Bus.Lock)
            {
                _capacityBytes = value;
            }
        }
    }

    /// <summary>Whether the file system has locks; if not, only a caller who allows the unsafe gets in.</summary>
    public bool HasLocks { get; set; } = true;

    /// <summary>Whether a fault has stopped the machine. Say how, by <see cref="Kill"/> or
    /// <see cref="PowerCut(Random, CrashStyle, DirectoryCrash)"/>, before the next <see cref="Mount"/>.</summary>
    public bool IsCrashed
    {
        get
        {
            lock (Bus.Lock)
            {
                return Bus.IsCrashed;
            }
        }
    }

    /// <summary>Names of the files as processes see them, in order.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (Bus.Lock)
            {
                return [.. _directory.Current.Keys];
            }
        }
    }

    /// <summary>Names of the files that survive any power cut, in order.</summary>
    public IReadOnlyList<string> DurableNames
    {
        get
        {
            lock (Bus.Lock)
            {
                return _directory.IsDurable ? [.. _directory.Durable.Keys] : [];
            }
        }
    }

    internal DiskBus Bus { get; } = new();

    internal SimulatedDirectory Directory => _directory;

    internal SeededRandom Random { get; private set; }

    /// <summary>The storage that holds the directory's lock, perhaps one of a dead process.</summary>
    internal SimulatedStorage? LockHolder { get; set; }

    /// <summary>Number of the directory that the path leads to.</summary>
    internal int DirectoryIdentity { get; private set; }

    /// <summary>The storage of a process that starts now.</summary>
    public SimulatedStorage Mount()
    {
        lock (Bus.Lock)
        {
            return Bus.IsCrashed
                ? throw new InvalidOperationException("The machine has stopped: call Kill or PowerCut first.")
                : new SimulatedStorage(this, Bus.Epoch);
        }
    }

    /// <summary><c>kill -9</c>: all processes are gone, the page cache stays, the lock is free.</summary>
    public void Kill()
    {
        lock (Bus.Lock)
        {
            EndLife();
        }
    }

    /// <summary>The power fails: all processes are gone, and of what was not synced a choice is left.</summary>
    public void PowerCut(
        Random random, CrashStyle style = CrashStyle.Any, DirectoryCrash directory = DirectoryCrash.Any)
    {
        lock (Bus.Lock)
        {
            EndLife();
            _directory.PowerCut(random, style, directory);
        }
    }

    /// <summary>As the other, with the disk's own source of chance.</summary>
    public void PowerCut(CrashStyle style, DirectoryCrash directory = DirectoryCrash.Any) =>
        PowerCut(Random, style, directory);

    /// <summary>The kernel drops the pages that it need not write: their next read comes from the disk. It may do so
    /// at any moment; a fault hook may call this between two calls of the process.</summary>
    public void DropCaches()
    {
        lock (Bus.Lock)
        {
            foreach (SimulatedInode inode in _directory.Current.Values)
            {
                inode.DropCache();
            }
        }
    }

    /// <summary>Another directory takes the place of this one: same files, but a process that holds the lock no
    /// longer owns what the path leads to.</summary>
    public void ReplaceDirectory()
    {
        lock (Bus.Lock)
        {
            DirectoryIdentity++;
        }
    }

    /// <summary>A second disk in the same state, page cache included, with no process, no faults and counters at
    /// zero. Bytes are shared until one of the two changes.</summary>
    public SimulatedDisk Clone()
    {
        lock (Bus.Lock)
        {
            return new SimulatedDisk
            {
                _directory = _directory.Clone(),
                _capacityBytes = _capacityBytes,
                HasLocks = HasLocks,
                Random = Random.Clone(),
            };
        }
    }

    /// <summary>The present state, to compare with a later one.</summary>
    public DiskSnapshot Snapshot() => new(Clone());

    /// <summary>Bytes of a file as processes read them.</summary>
    public byte[] ReadAll(string name)
    {
        lock (Bus.Lock)
        {
            return _directory.Current[name].CacheBytes.ToArray();
        }
    }

    /// <summary>Length of a file as processes see it.</summary>
    public int LengthOf(string name)
    {
        lock (Bus.Lock)
        {
            return _directory.Current[name].Length;
        }
    }

    /// <summary>Offset just after the last byte of a file that is not zero.</summary>
    public int EndOfContent(string name)
    {
        lock (Bus.Lock)
        {
            return _directory.Current[name].CacheBytes.LastIndexOfAnyExcept((byte)0) + 1;
        }
    }

    /// <summary>Copies a piece of a file as processes read it; fewer bytes where it ends.</summary>
    public void CopyTo(string name, int offset, Span<byte> target)
    {
        lock (Bus.Lock)
        {
            _directory.Current[name].Read(offset, target);
        }
    }

    /// <summary>Bytes of a file that survive any power cut; null if its name does not.</summary>
    public byte[]? ReadAllDurable(string name)
    {
        lock (Bus.Lock)
        {
            return _directory.IsDurable && _directory.Durable.TryGetValue(name, out SimulatedInode? inode)
                ? inode.DurableBytes.ToArray()
                : null;
        }
    }

    /// <summary>Bytes that files may still grow; null without a limit.</summary>
    internal long? FreeBytesUnderLock()
    {
        if (_capacityBytes is not { } capacity)
        {
            return null;
        }

        foreach (SimulatedInode inode in _directory.Current.Values)
        {
            capacity -= inode.Length;
        }

        return Math.Max(0, capacity);
    }

    private void EndLife()
    {
        Bus.EndLifeUnderLock(crashed: false);
        LockHolder = null;
        Counters.OpenFiles = 0;
    }
}
