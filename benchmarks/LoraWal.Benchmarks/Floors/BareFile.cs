using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.Benchmarks.Floors;

/// <summary>Bare system calls, checked.</summary>
internal static unsafe partial class BareFile
{
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* source = bytes)
        {
            if (PWrite(file, source, bytes.Length, offset) != bytes.Length)
            {
                throw new Win32Exception();
            }
        }
    }

    public static void Sync(SafeFileHandle file)
    {
        if (FDataSync(file) != 0)
        {
            throw new Win32Exception();
        }
    }

    /// <summary>Writes back all that a file system holds in memory: nobody's dirty pages count for the next
    /// one.</summary>
    public static void SettleFileSystem(string directory)
    {
        using SafeFileHandle handle = new(Open(directory, 0), ownsHandle: true);
        if (!handle.IsInvalid)
        {
            _ = SyncFs(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint PWrite(SafeFileHandle file, byte* source, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle file);
}
