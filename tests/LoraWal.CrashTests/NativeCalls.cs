using System.Runtime.InteropServices;

namespace LoraWal.CrashTests;

/// <summary>System calls that only these tests make.</summary>
internal static partial class NativeCalls
{
    /// <summary>O_RDONLY | O_CLOEXEC: a process that is being started must not keep a mount busy.</summary>
    public const int ReadOnly = 0x80000;

    private const string LibC = "libc";

    [LibraryImport(LibC, EntryPoint = "dup", SetLastError = true)]
    public static partial int Duplicate(int descriptor);

    [LibraryImport(LibC, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(LibC, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(LibC, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request, in uint argument);
}
