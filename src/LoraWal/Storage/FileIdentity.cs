using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.Storage;

/// <summary>Which file a name or a handle really is: device and inode. Linux only.</summary>
internal static unsafe class FileIdentity
{
    // struct statx is the same on every architecture; these are the fields read here.
    private const int ResultBytes = 256;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;
    private const int CurrentDirectory = -100;
    private const int EmptyPath = 0x1000;
    private const uint WantInode = 0x100;

    /// <summary>Whether a handle and a path are the same file. True where that cannot be told.</summary>
    public static bool IsSameFile(SafeFileHandle handle, string path)
    {
        (ulong Inode, ulong Device)? atPath = Of(CurrentDirectory, path, 0);
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            (ulong Inode, ulong Device)? held = Of((int)handle.DangerousGetHandle(), "", EmptyPath);
            return held is null || atPath == held;
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>The device that holds a path; null where that cannot be told.</summary>
    public static ulong? DeviceOf(string path) =>
        OperatingSystem.IsLinux() ? Of(CurrentDirectory, path, 0)?.Device : null;

    private static (ulong Inode, ulong Device)? Of(int directory, string path, int flags)
    {
        byte* result = stackalloc byte[ResultBytes];
        try
        {
            if (NativeMethods.StatX(directory, path, flags, WantInode, result) != 0)
            {
                return null;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return null; // a C library older than the call
        }

        var bytes = new ReadOnlySpan<byte>(result, ResultBytes);
        return (BinaryPrimitives.ReadUInt64LittleEndian(bytes[InodeOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[DeviceOffset..]));
    }
}
