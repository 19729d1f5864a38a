using LoraWal.Storage;

namespace LoraWal.TestSupport;

/// <summary>The simulated disk as one process sees it.</summary>
internal sealed class SimulatedStorage : IStorage
{
    private readonly SimulatedDisk _disk;
    private readonly int _directoryIdentity;
    private bool _disposed;

    internal SimulatedStorage(SimulatedDisk disk, int epoch)
    {
        _disk = disk;
        _directoryIdentity = disk.DirectoryIdentity;
        Epoch = epoch;
    }

    public string DirectoryPath => "/simulated/log";

    /// <summary>Who holds the lock through this storage.</summary>
    public OwnerRecord? Owner { get; private set; }

    internal int Epoch { get; }

    public void CreateDirectory()
    {
        using DiskCall call = Begin(DiskOperationKind.CreateDirectory);
        call.Arrive("mkdir");
        _disk.Directory.Make();
        if (call.CrashesMid)
        {
            call.Crash();
        }

        // The directory is synced, too: names seen in the cache need not be on the disk yet.
        long covered = _disk.Directory.BeginSync();
        if (call.Action.Kind == FaultKind.FailSync)
        {
            _disk.Directory.FailSync(covered, _disk.Random);
            throw call.Action.ToException("fsync", DirectoryPath);
        }

        _disk.Directory.CompleteSync(covered);
        _disk.Directory.MakeDurable();
        call.Finish();
    }

    public void Lock(OwnerRecord owner, bool allowUnsafe)
    {
        using DiskCall call = Begin(DiskOperationKind.Lock);
        call.Arrive("flock");
        ThrowIfNoDirectory("open");
        if (!_disk.HasLocks && !allowUnsafe)
        {
            throw new WalException($"The file system of '{DirectoryPath}' has no dependable locks.");
        }

        if (_disk.HasLocks && _disk.LockHolder is { } holder)
        {
            OwnerRecord? other = holder.Owner;
            throw new WalInUseException(DirectoryPath, other?.ProcessId, other?.Host, other?.Since);
        }

        Owner = owner;
        _disk.LockHolder = this;
        call.Finish();
    }

    public bool StillOwnsDirectory()
    {
        lock (_disk.Bus.Lock)
        {
            _disk.Bus.ThrowIfDead(this);
            return _directoryIdentity == _disk.DirectoryIdentity;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Last name first, so that nobody relies on the order.</remarks>
    public IReadOnlyList<string> List()
    {
        using DiskCall call = Begin(DiskOperationKind.List);
        call.Arrive("readdir");
        ThrowIfNoDirectory("opendir");
        string[] names = [.. _disk.Directory.Current.Keys];
        Array.Reverse(names);
        call.Finish();
        return names;
    }

    public IStorageFile Create(string name)
    {
        using DiskCall call = Begin(DiskOperationKind.Create, name);
        call.Arrive("open");
        ThrowIfNoDirectory("open");
        if (_disk.Directory.Current.ContainsKey(name))
        {
            throw SimulatedError.Create("EEXIST", "open", PathOf(name));
        }

        if (call.CrashesMid)
        {
            call.Crash();
        }

        SimulatedInode inode = _disk.Directory.Create(name);
        call.Finish();
        return OpenUnderLock(inode, name, writable: true);
    }

    public IStorageFile Open(string name, bool writable)
    {
        using DiskCall call = Begin(DiskOperationKind.Open, name);
        call.Arrive("open");
        SimulatedInode inode = Find(name, "open");
        call.Finish();
        return OpenUnderLock(inode, name, writable);
    }

    public void Rename(string from, string to)
    {
        using DiskCall call = Begin(DiskOperationKind.Rename, from, to);
        call.Arrive("rename");
        Find(from, "rename");
        if (_disk.Directory.Current.ContainsKey(to))
        {
            throw SimulatedError.Create("EEXIST", "rename", PathOf(to));
        }

        if (call.CrashesMid)
        {
            call.Crash();
        }

        _disk.Directory.Rename(from, to);
        call.Finish();
    }

    public void Replace(string from, string to)
    {
        using DiskCall call = Begin(DiskOperationKind.Replace, from, to);
        call.Arrive("rename");
        Find(from, "rename");
        if (call.CrashesMid)
        {
            call.Crash();
        }

        _disk.Directory.Replace(from, to);
        call.Finish();
    }

    public bool Delete(string name)
    {
        using DiskCall call = Begin(DiskOperationKind.Delete, name);
        call.Arrive("unlink");
        ThrowIfNoDirectory("unlink");
        if (!_disk.Directory.Current.ContainsKey(name))
        {
            return false;
        }

        if (call.CrashesMid)
        {
            call.Crash();
        }

        _disk.Directory.Delete(name);
        call.Finish();
        return true;
    }

    public void SyncDirectory()
    {
        using DiskCall call = Begin(DiskOperationKind.SyncDirectory);
        ThrowIfNoDirectory("open");
        long covered = _disk.Directory.BeginSync();
        call.Arrive("fsync");
        if (call.CrashesMid)
        {
            call.Crash();
        }

        if (call.Action.Kind == FaultKind.FailSync)
        {
            _disk.Directory.FailSync(covered, _disk.Random);
            throw call.Action.ToException("fsync", DirectoryPath);
        }

        _disk.Directory.CompleteSync(covered);
        call.Finish();
    }

    public long? FreeBytes()
    {
        lock (_disk.Bus.Lock)
        {
            _disk.Bus.ThrowIfDead(this);
            return _disk.FreeBytesUnderLock();
        }
    }

    public void Dispose()
    {
        lock (_disk.Bus.Lock)
        {
            _disposed = true;
            if (ReferenceEquals(_disk.LockHolder, this))
            {
                _disk.LockHolder = null;
            }
        }
    }

    internal string PathOf(string name) => name.Length == 0 ? DirectoryPath : $"{DirectoryPath}/{name}";

    private DiskCall Begin(DiskOperationKind kind, string name = "", string? newName = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _disk.Bus.Begin(this, kind, name, newName);
    }

    private SimulatedFile OpenUnderLock(SimulatedInode inode, string name, bool writable)
    {
        _disk.Counters.OpenFiles++;
        return new SimulatedFile(_disk, this, inode, PathOf(name), writable);
    }

    private SimulatedInode Find(string name, string call)
    {
        ThrowIfNoDirectory(call);
        return _disk.Directory.Current.TryGetValue(name, out SimulatedInode? inode)
            ? inode
            : throw SimulatedError.Create("ENOENT", call, PathOf(name));
    }

    private void ThrowIfNoDirectory(string call)
    {
        if (!_disk.Directory.Exists)
        {
            throw SimulatedError.Create("ENOENT", call, DirectoryPath);
        }
    }
}
