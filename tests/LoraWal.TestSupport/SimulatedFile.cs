using LoraWal.Storage;

namespace LoraWal.TestSupport;

/// <summary>One open file of a simulated process.</summary>
internal sealed class SimulatedFile : IStorageFile
{
    private readonly SimulatedDisk _disk;
    private readonly SimulatedStorage _process;
    private readonly SimulatedInode _inode;
    private readonly bool _writable;
    private FaultAction? _nextWrite;
    private bool _disposed;

    internal SimulatedFile(
        SimulatedDisk disk, SimulatedStorage process, SimulatedInode inode, string path, bool writable)
    {
        _disk = disk;
        _process = process;
        _inode = inode;
        _writable = writable;
        Path = path;
    }

    public string Path { get; set; }

    public long Length
    {
        get
        {
            lock (_disk.Bus.Lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                _disk.Bus.ThrowIfDead(_process);
                return _inode.Length;
            }
        }
    }

    public int Write(long offset, ReadOnlySpan<byte> source)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        using DiskCall call = Begin(DiskOperationKind.Write, offset, source.Length);
        call.Arrive("pwrite");
        if (!_writable)
        {
            throw SimulatedError.Create("EBADF", "pwrite", Path);
        }

        if (_nextWrite is { } failing)
        {
            _nextWrite = null;
            throw failing.ToException("pwrite", Path);
        }

        int count = (int)Math.Min(Wanted(call, source.Length), RoomAt(offset, source.Length));
        if (count == 0 && source.Length > 0 && call.Action.Kind is FaultKind.None)
        {
            throw SimulatedError.Create("ENOSPC", "pwrite", Path);
        }

        _inode.Write((int)offset, source[..count]);
        if (call.Action.Kind == FaultKind.PartialThenFail)
        {
            throw call.Action.ToException("pwrite", Path);
        }

        _nextWrite = call.Action.Kind == FaultKind.ShortThenFail ? call.Action : null;
        call.Finish(count);
        return count;
    }

    public int Read(long offset, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        using DiskCall call = Begin(DiskOperationKind.Read, offset, target.Length);
        call.Arrive("pread");
        int count = _inode.Read(offset, call.Action.Kind switch
        {
            FaultKind.Short => target[..(int)Math.Min(target.Length, call.Action.Count)],
            FaultKind.ReturnZero => [],
            _ => target,
        });
        if (call.Action.Kind == FaultKind.FlipReadBit && count > 0)
        {
            long bit = call.Action.Count % (count * 8L);
            target[(int)(bit / 8)] ^= (byte)(1 << (int)(bit % 8));
        }

        call.Finish(count);
        return count;
    }

    public void Sync()
    {
        using DiskCall call = Begin(DiskOperationKind.Sync, 0, 0);
        long covered = _inode.BeginSync();
        call.Arrive("fdatasync");
        if (call.CrashesMid)
        {
            call.Crash();
        }

        if (call.Action.Kind == FaultKind.FailSync)
        {
            _inode.FailSync(covered, call.Action.SyncFailure, _disk.Random);
            throw call.Action.ToException("fdatasync", Path);
        }

        _inode.CompleteSync(covered);
        call.Finish();
    }

    /// <summary>Drops the clean pages of this file. Never fails, but the machine may stop here.</summary>
    public void DropCache()
    {
        using DiskCall call = Begin(DiskOperationKind.DropCache, 0, 0);
        if (call.Action.Kind == FaultKind.Fail)
        {
            return;
        }

        call.Arrive("fadvise");
        _inode.DropCache();
        call.Finish();
    }

    public void Dispose()
    {
        lock (_disk.Bus.Lock)
        {
            if (!_disposed && _process.Epoch == _disk.Bus.Epoch)
            {
                _disk.Counters.OpenFiles--;
            }

            _disposed = true;
        }
    }

    private DiskCall Begin(DiskOperationKind kind, long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _disk.Bus.Begin(_process, kind, _inode.Name, null, offset, length);
    }

    private long Wanted(in DiskCall call, int length) => call.Action.Kind switch
    {
        FaultKind.ReturnZero => 0,
        FaultKind.Short or FaultKind.ShortThenFail or FaultKind.PartialThenFail =>
            Math.Min(length, call.Action.Count),
        FaultKind.Crash when call.CrashesMid => _disk.Random.Next(length + 1),
        _ => length,
    };

    private long RoomAt(long offset, int length)
    {
        long growth = offset + length - _inode.Length;
        if (growth <= 0 || _disk.FreeBytesUnderLock() is not { } free || free >= growth)
        {
            return length;
        }

        return Math.Max(0, length - (growth - free));
    }
}
