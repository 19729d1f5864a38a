using System.Diagnostics;
using System.Globalization;

namespace LoraWal.CrashTests;

/// <summary>A block device in user space, with a real file system on it: nbdkit serves it, nbdfuse shows it as a file,
/// and a loop device makes that a disk.</summary>
internal sealed class NbdDisk : IDisposable
{
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("lorawal-nbd-");
    private readonly string _format;
    private Process? _fuse;
    private string? _device;

    /// <summary>Makes the device and mounts an empty file system on it.</summary>
    /// <param name="format">ext4, xfs or btrfs.</param>
    /// <param name="server">nbdkit's filters, plugin and its settings, from the paths of this disk.</param>
    public NbdDisk(string format, Func<NbdDisk, string[]> server)
    {
        _format = format;
        Directory.CreateDirectory(MountPoint);
        Directory.CreateDirectory(FuseFolder);
        LoopDisk.MakeImage(Image, format, LoopDisk.SmallestOf(format));
        try
        {
            Shell.Run("cp", "--sparse=always", Image, BaseImage);
            Shell.Run("nbdkit", ["-U", Socket, "-P", ServerId, .. server(this)]);

            // It writes down every call that fails, as many here are meant to.
            _fuse = Process.Start("sh", ["-c", $"exec nbdfuse {FuseFolder} --unix {Socket} 2> /dev/null"]);
            Shell.Run("timeout", "20", "sh", "-c", $"until [ -e {FuseFolder}/nbd ]; do sleep 0.02; done");
            Mount();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the tests need that use one.</summary>
    public static string[] Instruments { get; } =
        [.. LoopDisk.Instruments, "nbdkit", "nbdfuse", "fusermount3", "/dev/fuse"];

    /// <summary>What the device holds.</summary>
    public string Image => PathOf("image");

    /// <summary>What it held before the file system was first mounted.</summary>
    public string BaseImage => PathOf("base");

    public string MountPoint => PathOf("mount");

    /// <summary>Where the log goes.</summary>
    public string Log => Path.Combine(MountPoint, "log");

    private string FuseFolder => PathOf("nbd");

    private string Socket => PathOf("socket");

    private string ServerId => PathOf("server.pid");

    /// <summary>A file beside the image.</summary>
    public string PathOf(string name) => Path.Combine(_parent.FullName, name);

    /// <summary>Mounts the file system.</summary>
    public void Mount()
    {
        _device = Shell.Run("losetup", "--find", "--show", Path.Combine(FuseFolder, "nbd")).Trim();
        Shell.Run("mount", "-t", _format, _device, MountPoint);
    }

    /// <summary>Unmounts it; nothing of it stays in the cache.</summary>
    public void Unmount()
    {
        Mounts.Unmount(MountPoint);
        if (_device is not null)
        {
            Shell.Try("blockdev", "--flushbufs", _device);
            Shell.Try("losetup", "--detach", _device);
            _device = null;
        }
    }

    public void Dispose()
    {
        try
        {
            Unmount();
        }
        finally
        {
            Shell.Try("fusermount3", "-u", "-z", FuseFolder);
            _fuse?.Kill();
            _fuse?.WaitForExit();
            _fuse?.Dispose();
            if (File.Exists(ServerId))
            {
                int id = int.Parse(File.ReadAllText(ServerId), CultureInfo.InvariantCulture);
                using var server = Process.GetProcessById(id);
                server.Kill();
                server.WaitForExit();
            }

            _parent.Delete(recursive: true);
        }
    }
}
