using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.Storage;

/// <summary>The syncs: of a file's data, and of a directory's names. The only place that makes these calls.</summary>
/// <remarks>A sync that fails is never made again: the kernel reports a writeback error once, marks the pages clean,
/// and the next call returns success for bytes that are gone. One that was interrupted has not been made.</remarks>
internal static class SystemSync
{
    /// <summary>Syncs a file's data and length.</summary>
    public static void SyncData(SafeFileHandle handle, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!NativeMethods.FlushFileBuffers(handle))
            {
                throw Errno.Last("FlushFileBuffers", path);
            }

            return;
        }

        if (OperatingSystem.IsLinux())
        {
            Call("fdatasync", path, NativeMethods.DataSync, handle);
        }
        else
        {
            Call("fcntl(F_FULLFSYNC)", path, FullSync, handle);
        }
    }

    /// <summary>Syncs the names in a directory. Windows has no such call; NTFS logs its names.</summary>
    public static void SyncNames(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using SafeFileHandle handle = OpenDirectory(directory);
        Call("fsync", directory, NativeMethods.Sync, handle);
    }

    /// <summary>Syncs the names in a directory that may be someone else's: one that cannot be opened or synced for want
    /// of a right was not changed by us either.</summary>
    public static void SyncNamesIfAllowed(string directory)
    {
        try
        {
            SyncNames(directory);
        }
        catch (StorageException refused) when (Errno.CannotSync(refused.Errno))
        {
            // Nothing of ours can be in it.
        }
    }

    private static int FullSync(SafeFileHandle file) => NativeMethods.Control(file, NativeMethods.FullSync);

    private static SafeFileHandle OpenDirectory(string directory)
    {
        int descriptor = NativeMethods.Open(directory, NativeMethods.OpenReadOnlyFlags);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw Errno.Last("open", directory);
    }

    private static void Call(string name, string path, Func<SafeFileHandle, int> sync, SafeFileHandle handle)
    {
        while (sync(handle) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.Interrupted)
            {
                throw Errno.From(name, path, errno);
            }
        }
    }
}
