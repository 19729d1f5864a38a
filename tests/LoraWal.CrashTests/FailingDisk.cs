namespace LoraWal.CrashTests;

/// <summary>A disk whose writes or reads fail with EIO on command.</summary>
internal sealed class FailingDisk : IDisposable
{
    private readonly NbdDisk _disk;

    public FailingDisk(string format) => _disk = new NbdDisk(format, disk =>
    [
        "--filter=error",
        "file",
        disk.Image,
        "error-pwrite=EIO",
        "error-pwrite-rate=100%",
        $"error-pwrite-file={disk.PathOf("fail-writes")}",
        "error-pread=EIO",
        "error-pread-rate=100%",
        $"error-pread-file={disk.PathOf("fail-reads")}",
    ]);

    public string Log => _disk.Log;

    public string MountPoint => _disk.MountPoint;

    public void FailWrites() => File.WriteAllBytes(_disk.PathOf("fail-writes"), []);

    public void FailReads() => File.WriteAllBytes(_disk.PathOf("fail-reads"), []);

    public void Heal()
    {
        File.Delete(_disk.PathOf("fail-writes"));
        File.Delete(_disk.PathOf("fail-reads"));
    }

    /// <summary>Nothing reaches the disk any more; then the machine starts again, and the disk works.</summary>
    public void CutPower()
    {
        FailWrites();
        _disk.Unmount();
        Heal();
        _disk.Mount();
    }

    /// <summary>Unmounts and mounts: what is read next comes from the disk.</summary>
    public void Remount()
    {
        _disk.Unmount();
        _disk.Mount();
    }

    public void Dispose()
    {
        Heal();
        _disk.Dispose();
    }
}
