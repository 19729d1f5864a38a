using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.Storage;

/// <summary>A file of the real disk, by one system call per method.</summary>
internal sealed unsafe class DiskFile(SafeFileHandle handle, string path) : IStorageFile
{
    public string Path { get; set; } = path;

    public long Length
    {
        get
        {
            try
            {
                return RandomAccess.GetLength(handle);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw Errno.From("fstat", Path, failure);
            }
        }
    }

    public int Write(long offset, ReadOnlySpan<byte> source)
    {
        if (OperatingSystem.IsWindows())
        {
            return WriteOnWindows(offset, source);
        }

        fixed (byte* bytes = source)
        {
            while (true)
            {
                nint written = NativeMethods.Write(handle, bytes, source.Length, offset);
                if (written >= 0)
                {
                    return (int)written;
                }

                ThrowUnlessInterrupted("pwrite", offset);
            }
        }
    }

    public int Read(long offset, Span<byte> target)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                return RandomAccess.Read(handle, target, offset);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw Errno.From("read", Path, failure);
            }
        }

        fixed (byte* bytes = target)
        {
            while (true)
            {
                nint read = NativeMethods.Read(handle, bytes, target.Length, offset);
                if (read >= 0)
                {
                    return (int)read;
                }

                ThrowUnlessInterrupted("pread", offset);
            }
        }
    }

    // WHY NOT RandomAccess.FlushToDisk or FileStream.Flush(true): on Linux both report success when the system call
    // fails, so the log would acknowledge what is gone. docs/adr/0001-own-fsync.md
    public void Sync() => SystemSync.SyncData(handle, Path);

    public void Dispose() => handle.Dispose();

    private void ThrowUnlessInterrupted(string call, long offset)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (errno != Errno.Interrupted)
        {
            throw Errno.From($"{call} at offset {offset}", Path, errno);
        }
    }

    private int WriteOnWindows(long offset, ReadOnlySpan<byte> source)
    {
        try
        {
            RandomAccess.Write(handle, source, offset);
            return source.Length;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errno.From("write", Path, failure);
        }
    }
}
