using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.Storage;

/// <summary>Keeps every other owner out of a directory, in this process too, until it is disposed of or the process
/// ends.</summary>
/// <remarks>
/// A kernel lock on <c>.lora-wal.lock</c>, not a file with a process id: it ends with its owner, however that ends.
/// flock belongs to the open file, so a second handle in the same process, or one by way of a symbolic link, conflicts
/// as well. The lock file is never deleted: two owners could then lock two files of one name.
/// </remarks>
internal sealed class DirectoryLock : IDisposable
{
    public const string LockName = ".lora-wal.lock";
    public const string OwnerName = ".lora-wal.owner";

    private const uint OwnerReadWrite = 0b110_100_100;

    private readonly SafeFileHandle _handle;
    private readonly string _path;

    private DirectoryLock(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    /// <summary>Takes the lock, or throws <see cref="WalInUseException"/> at once.</summary>
    public static DirectoryLock Take(string directory, OwnerRecord owner, bool allowUnsafe)
    {
        string path = Path.Combine(directory, LockName);
        SafeFileHandle handle = OperatingSystem.IsWindows() ? OpenOnWindows(directory, path) : Open(path);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                TakeUnixLock(handle, directory, path, allowUnsafe);
            }

            WriteOwner(directory, owner);
            return new DirectoryLock(handle, path);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Whether the lock file at the path is still the one that is locked.</summary>
    public bool IsStillAtPath() => !OperatingSystem.IsLinux() || FileIdentity.IsSameFile(_handle, _path);

    public void Dispose()
    {
        if (!OperatingSystem.IsWindows() && !_handle.IsClosed)
        {
            // WHY NOT just close: flock belongs to the open file, and a process that is being started elsewhere in this
            // one shares it between its fork and its exec. The next owner would be refused for as long as that takes.
            _ = NativeMethods.Lock(_handle, NativeMethods.Unlock);
        }

        _handle.Dispose();
    }

    private static void TakeUnixLock(SafeFileHandle handle, string directory, string path, bool allowUnsafe)
    {
        while (NativeMethods.Lock(handle, NativeMethods.LockExclusiveNonBlocking) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.Interrupted)
            {
                continue;
            }

            if (Errno.WouldBlock(errno))
            {
                throw InUse(directory);
            }

            if (Errno.HasNoLocks(errno))
            {
                if (allowUnsafe)
                {
                    return;
                }

                throw DiskStorage.UnsafeFileSystem(directory, Errno.From("flock", path, errno));
            }

            throw Errno.From("flock", path, errno);
        }
    }

    private static SafeFileHandle Open(string path)
    {
        int descriptor = NativeMethods.Open(path, NativeMethods.OpenReadWriteFlags);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() is 2 /* ENOENT */)
        {
            int created = NativeMethods.Create(path, OwnerReadWrite);
            if (created < 0)
            {
                throw Errno.Last("creat", path);
            }

            // creat cannot say "close on exec": open it once more, and let this one go.
            descriptor = NativeMethods.Open(path, NativeMethods.OpenReadWriteFlags);
            new SafeFileHandle(created, ownsHandle: true).Dispose();
        }

        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw Errno.Last("open", path);
    }

    private static SafeFileHandle OpenOnWindows(string directory, string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException shared) when ((shared.HResult & 0xFFFF) is 32 or 33)
        {
            throw InUse(directory);
        }
    }

    private static WalInUseException InUse(string directory)
    {
        OwnerRecord? owner = null;
        try
        {
            owner = OwnerRecord.Decode(File.ReadAllText(Path.Combine(directory, OwnerName)));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // For the message only: the lock itself has been refused.
        }

        return new WalInUseException(directory, owner?.ProcessId, owner?.Host, owner?.Since);
    }

    private static void WriteOwner(string directory, OwnerRecord owner)
    {
        try
        {
            File.WriteAllText(Path.Combine(directory, OwnerName), owner.Encode());
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // For the messages of others only: a full disk must not keep a log closed.
        }
    }
}
