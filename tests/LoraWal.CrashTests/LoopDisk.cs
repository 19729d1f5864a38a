using System.Runtime.InteropServices;

namespace LoraWal.CrashTests;

/// <summary>A real file system in an image file, by way of a loop device.</summary>
internal sealed class LoopDisk : IDisposable
{
    private const int MiB = 1024 * 1024;

    // _IOR('X', 125, __u32): FS_IOC_SHUTDOWN. Without flushing the journal: what is in memory never reaches the disk.
    private const nuint Shutdown = 0x8004587d;
    private const uint WithoutFlush = 2;

    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("lorawal-disk-");
    private string? _device;

    /// <summary>Makes and mounts an empty file system.</summary>
    /// <param name="format">ext4, xfs or btrfs.</param>
    /// <param name="mebibytes">Its size; null: the smallest that the format likes.</param>
    public LoopDisk(string format, int? mebibytes = null)
    {
        Format = format;
        Directory.CreateDirectory(MountPoint);
        MakeImage(Image, format, mebibytes ?? SmallestOf(format));
        try
        {
            Mount();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private LoopDisk(string format)
    {
        Format = format;
        Directory.CreateDirectory(MountPoint);
    }

    /// <summary>What the tests need that use one.</summary>
    public static string[] Instruments { get; } =
        ["losetup", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mount", "umount", "/dev/loop-control"];

    public string Format { get; }

    public string Image => Path.Combine(_parent.FullName, "image");

    public string MountPoint => Path.Combine(_parent.FullName, "mount");

    /// <summary>Where the log goes.</summary>
    public string Log => Path.Combine(MountPoint, "log");

    /// <summary>A smallest useful file system of a format, in MiB.</summary>
    public static int SmallestOf(string format) => format switch
    {
        "ext4" => 48,
        "xfs" => 320,
        _ => 128,
    };

    /// <summary>An image that someone else makes. It is not mounted.</summary>
    public static LoopDisk Of(string format, Action<string> make)
    {
        var disk = new LoopDisk(format);
        make(disk.Image);
        return disk;
    }

    /// <summary>Makes an image with an empty file system.</summary>
    public static void MakeImage(string image, string format, int mebibytes)
    {
        using (FileStream file = File.Create(image))
        {
            file.SetLength((long)mebibytes * MiB);
        }

        string[] options = format switch
        {
            "ext4" => ["-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"],
            "xfs" => ["-q", "-f", "-K"],
            _ => ["-q", "-f", "-K", "-m", "single"],
        };
        Shell.Run($"mkfs.{format}", [.. options, image]);
    }

    /// <summary>Mounts the image; a file system that was not unmounted cleanly replays its journal.</summary>
    public void Mount(string options = "rw")
    {
        _device = Shell.Run("losetup", "--find", "--show", Image).Trim();
        Shell.Run("mount", "-t", Format, "-o", options, _device, MountPoint);
    }

    /// <summary>Mounts the image, if there is a file system left in it.</summary>
    public bool TryMount()
    {
        try
        {
            Mount();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Unmounts it.</summary>
    public void Unmount()
    {
        Mounts.Unmount(MountPoint);
        Detach();
    }

    /// <summary>Cuts the power: nothing that is only in memory reaches the disk any more.</summary>
    public void CutPower()
    {
        int descriptor = NativeCalls.Open(MountPoint, NativeCalls.ReadOnly);
        int result = descriptor < 0 ? -1 : NativeCalls.Control(descriptor, Shutdown, WithoutFlush);
        int errno = Marshal.GetLastPInvokeError();
        _ = NativeCalls.Close(descriptor);
        Assert.True(result == 0, $"The shutdown of {MountPoint} failed: errno {errno}");
    }

    public void Dispose()
    {
        try
        {
            Unmount();
        }
        finally
        {
            _parent.Delete(recursive: true);
        }
    }

    private void Detach()
    {
        if (_device is not null)
        {
            Shell.Try("losetup", "--detach", _device);
            _device = null;
        }
    }
}
