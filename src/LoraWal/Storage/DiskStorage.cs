using Microsoft.Win32.SafeHandles;

namespace LoraWal.Storage;

/// <summary>A log directory on the real disk.</summary>
internal sealed class DiskStorage(string directory) : IStorage
{
    private static readonly string[] UnsafeFormats = ["nfs", "cifs", "smb", "fuse"];

    private DirectoryLock? _lock;

    public string DirectoryPath { get; } = Path.GetFullPath(directory);

    public void CreateDirectory()
    {
        try
        {
            Directory.CreateDirectory(DirectoryPath);
        }
        catch (IOException) when (File.Exists(DirectoryPath))
        {
            throw new WalException($"The log directory '{DirectoryPath}' is a file. Name a directory.");
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or IOException { HResult: 30 or 1 })
        {
            throw Refused(failure);
        }
        catch (IOException failure)
        {
            throw Errno.From("mkdir", DirectoryPath, failure); // no space, say: no right to write would help
        }

        // At every open: a name that can be seen in the cache need not be on the disk yet. A mount point's name is
        // older than what is mounted there, so the walk ends with the file system.
        SystemSync.SyncNames(DirectoryPath);
        string? child = DirectoryPath;
        for (string? parent = Path.GetDirectoryName(child); parent is not null; parent = Path.GetDirectoryName(child))
        {
            if (FileIdentity.DeviceOf(parent) is { } device && device != FileIdentity.DeviceOf(child))
            {
                break;
            }

            SystemSync.SyncNamesIfAllowed(parent);
            child = parent;
        }
    }

    public void Lock(OwnerRecord owner, bool allowUnsafe)
    {
        if (!allowUnsafe && Format(DirectoryPath) is { } format
            && UnsafeFormats.Any(prefix => format.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
        {
            throw UnsafeFileSystem(DirectoryPath, null);
        }

        try
        {
            _lock = DirectoryLock.Take(DirectoryPath, owner, allowUnsafe);
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException
            || failure is StorageException { Errno: 13 or 1 or 30 })
        {
            throw Refused(failure);
        }
    }

    public bool StillOwnsDirectory() => _lock is null || _lock.IsStillAtPath();

    public IReadOnlyList<string> List()
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(DirectoryPath).Select(path => Path.GetFileName(path)).ToArray();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errno.From("readdir", DirectoryPath, failure);
        }
    }

    public IStorageFile Create(string name) => OpenFile("create", name, FileMode.CreateNew, FileAccess.ReadWrite);

    public IStorageFile Open(string name, bool writable) =>
        OpenFile("open", name, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read);

    public void Rename(string from, string to)
    {
        string source = FullPath(from);
        if (OperatingSystem.IsWindows())
        {
            Try("rename", source, () => File.Move(source, FullPath(to), overwrite: false));
        }
        else if (File.Exists(FullPath(to)))
        {
            throw Errno.From("rename", FullPath(to), 17); // the lock keeps every other writer out meanwhile
        }
        else if (NativeMethods.Rename(source, FullPath(to)) != 0)
        {
            throw Errno.Last("rename", source);
        }
    }

    public void Replace(string from, string to)
    {
        string source = FullPath(from);
        if (OperatingSystem.IsWindows())
        {
            Try("rename", source, () => File.Move(source, FullPath(to), overwrite: true));
        }
        else if (NativeMethods.Rename(source, FullPath(to)) != 0)
        {
            throw Errno.Last("rename", source);
        }
    }

    public bool Delete(string name)
    {
        string path = FullPath(name);
        if (OperatingSystem.IsWindows())
        {
            bool exists = File.Exists(path);
            Try("delete", path, () => File.Delete(path));
            return exists;
        }

        if (NativeMethods.Unlink(path) == 0)
        {
            return true;
        }

        StorageException failure = Errno.Last("unlink", path);
        return failure.Error == StorageError.NotFound ? false : throw failure;
    }

    public void SyncDirectory() => SystemSync.SyncNames(DirectoryPath);

    public long? FreeBytes()
    {
        try
        {
            return new DriveInfo(DirectoryPath).AvailableFreeSpace;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>The refusal of a file system without dependable locks and syncs.</summary>
    internal static WalException UnsafeFileSystem(string directory, Exception? cause)
    {
        string format = Format(directory) ?? "unknown";
        return new WalException(
            $"The file system of '{directory}' ({format}) has no dependable locks, so nothing would keep a second "
            + "owner out. Use a local disk, or set AllowUnsafeFileSystem if only one process can ever "
            + "open it.",
            cause);
    }

    private WalException Refused(Exception failure) => new(
        $"The log directory '{DirectoryPath}' cannot be created or written: {failure.Message} Give the process the "
        + "right to write there.",
        failure);

    private static string? Format(string directory)
    {
        try
        {
            return new DriveInfo(directory).DriveFormat;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private string FullPath(string name) => Path.Combine(DirectoryPath, name);

    private DiskFile OpenFile(string call, string name, FileMode mode, FileAccess access)
    {
        string path = FullPath(name);
        try
        {
            SafeFileHandle handle = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);
            return new DiskFile(handle, path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errno.From(call, path, failure);
        }
    }

    private static void Try(string call, string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errno.From(call, path, failure);
        }
    }
}
