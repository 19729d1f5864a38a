namespace LoraWal.TestSupport;

/// <summary>Changes to a simulated disk that no process made. Each is in the cache and on the disk at once.</summary>
internal sealed class DiskDamage
{
    private readonly SimulatedDisk _disk;

    internal DiskDamage(SimulatedDisk disk) => _disk = disk;

    /// <summary>Flips one bit of the byte at the offset.</summary>
    public void FlipBit(string name, long offset, int bit) =>
        Change(name, offset, 1, (old, _) => (byte)(old ^ (1 << bit)));

    /// <summary>Puts zeros over a range.</summary>
    public void ZeroRange(string name, long offset, int length) => Change(name, offset, length, (_, _) => 0);

    /// <summary>Puts bytes over a range within the file.</summary>
    public void Overwrite(string name, long offset, byte[] bytes) =>
        Change(name, offset, bytes.Length, (_, at) => bytes[at]);

    /// <summary>Puts a range of one file over a range of another: a misdirected write.</summary>
    public void CopyRange(string from, long fromOffset, string to, long toOffset, int length) =>
        Overwrite(to, toOffset, _disk.ReadAll(from).AsSpan((int)fromOffset, length).ToArray());

    /// <summary>Makes a file shorter, or longer by zeros.</summary>
    public void TruncateFile(string name, long length)
    {
        byte[] bytes = _disk.ReadAll(name);
        Array.Resize(ref bytes, (int)length);
        WriteAll(name, bytes);
    }

    /// <summary>Puts a file in place, new or over an old one, durable at once.</summary>
    public void WriteAll(string name, ReadOnlySpan<byte> bytes)
    {
        lock (_disk.Bus.Lock)
        {
            SimulatedDirectory directory = _disk.Directory;
            directory.Make();
            SimulatedInode inode = directory.Current.TryGetValue(name, out SimulatedInode? found)
                ? found
                : directory.Create(name);
            inode.Replace(bytes);
            directory.Settle();
        }
    }

    /// <summary>Copies a file to a new name, or over an old one.</summary>
    public void CopyFile(string from, string to) => WriteAll(to, _disk.ReadAll(from));

    /// <summary>Renames a file; the new name must be free. All names are durable afterwards.</summary>
    public void RenameFile(string from, string to)
    {
        lock (_disk.Bus.Lock)
        {
            _disk.Directory.Rename(from, to);
            _disk.Directory.Settle();
        }
    }

    /// <summary>Deletes a file. All names are durable afterwards.</summary>
    public void DeleteFile(string name)
    {
        lock (_disk.Bus.Lock)
        {
            _disk.Directory.Delete(name);
            _disk.Directory.Settle();
        }
    }

    private void Change(string name, long offset, int length, Func<byte, int, byte> change)
    {
        lock (_disk.Bus.Lock)
        {
            SimulatedInode inode = _disk.Directory.Current[name];
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, inode.Length, nameof(length));
            inode.Damage((int)offset, length, change);
        }
    }
}
