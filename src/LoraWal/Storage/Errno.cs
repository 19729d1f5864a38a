using System.Runtime.InteropServices;

namespace LoraWal.Storage;

/// <summary>Turns the operating system's error numbers into exceptions that name them.</summary>
internal static class Errno
{
    public const int Interrupted = 4;
    private const int PermissionDenied = 13;

    public static bool WouldBlock(int errno) => errno == (OperatingSystem.IsLinux() ? 11 : 35);

    /// <summary>ENOLCK, ENOTSUP, ENOSYS: there are no locks here.</summary>
    public static bool HasNoLocks(int errno) =>
        OperatingSystem.IsLinux() ? errno is 37 or 95 or 38 : errno is 77 or 45 or 78;

    /// <summary>EACCES, EPERM, EROFS, EINVAL: a directory that cannot be synced, nor have been changed by us.</summary>
    public static bool CannotSync(int errno) => errno is 13 or 1 or 30 or 22;

    /// <summary>The exception for the last failed call of this thread.</summary>
    public static StorageException Last(string call, string path) =>
        From(call, path, Marshal.GetLastPInvokeError());

    public static StorageException From(string call, string path, int errno)
    {
        string text = Marshal.GetPInvokeErrorMessage(errno);
        string name = Name(errno);
        return new StorageException(call, path, Classify(errno), $"{name} ({text})", errno);
    }

    /// <summary>The exception for a failure that the base library has reported in its own way.</summary>
    public static StorageException From(string call, string path, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException =>
            new StorageException(call, path, StorageError.NotFound, exception.Message),
        UnauthorizedAccessException when !OperatingSystem.IsWindows() =>
            new StorageException(call, path, StorageError.Other, exception.Message, PermissionDenied),
        ArgumentOutOfRangeException => // EFBIG, as the base library tells it
            new StorageException(call, path, StorageError.Other, "EFBIG (File too large)", 27),
        IOException when IsErrno(exception.HResult) => From(call, path, exception.HResult),
        IOException when OperatingSystem.IsWindows() && (exception.HResult & 0xFFFF) is 112 or 39 =>
            new StorageException(call, path, StorageError.NoSpace, exception.Message, exception.HResult),
        IOException when OperatingSystem.IsWindows() && (exception.HResult & 0xFFFF) is 80 or 183 =>
            new StorageException(call, path, StorageError.Exists, exception.Message, exception.HResult),
        _ => new StorageException(call, path, StorageError.Other, exception.Message, exception.HResult),
    };

    private static bool IsErrno(int hresult) => !OperatingSystem.IsWindows() && hresult is > 0 and < 1000;

    private static StorageError Classify(int errno) => errno switch
    {
        28 => StorageError.NoSpace,
        122 when OperatingSystem.IsLinux() => StorageError.NoSpace,
        69 when OperatingSystem.IsMacOS() => StorageError.NoSpace,
        12 or 23 or 24 => StorageError.NoResources,
        2 => StorageError.NotFound,
        17 => StorageError.Exists,
        _ => StorageError.Other,
    };

    private static string Name(int errno) => errno switch
    {
        1 => "EPERM",
        2 => "ENOENT",
        4 => "EINTR",
        5 => "EIO",
        9 => "EBADF",
        12 => "ENOMEM",
        13 => "EACCES",
        17 => "EEXIST",
        19 => "ENODEV",
        22 => "EINVAL",
        23 => "ENFILE",
        24 => "EMFILE",
        27 => "EFBIG",
        28 => "ENOSPC",
        30 => "EROFS",
        116 when OperatingSystem.IsLinux() => "ESTALE",
        122 when OperatingSystem.IsLinux() => "EDQUOT",
        _ => $"errno {errno}",
    };
}
