using System.Runtime.InteropServices;

namespace LoraWal.CrashTests;

/// <summary>System calls that only these tests make.</summary>
internal static partial class NativeCalls
{
    private const string LibC = "libc";

    [LibraryImport(LibC, EntryPoint = "dup", SetLastError = true)]
    public static partial int Duplicate(int descriptor);
}
