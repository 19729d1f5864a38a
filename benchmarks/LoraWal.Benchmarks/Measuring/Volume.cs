using System.Globalization;

namespace LoraWal.Benchmarks.Measuring;

/// <summary>The mounted file system that holds a directory, and its device. Linux; elsewhere there is none.</summary>
internal sealed record Volume(string MountPoint, string FileSystem, string Options, string Device)
{
    private const int SectorBytes = 512; // whatever the device says: the kernel counts in these
    private const int NameField = 2;
    private const int SectorsWrittenField = 9;

    public static Volume? Of(string directory)
    {
        const string Mounts = "/proc/self/mountinfo";
        if (!File.Exists(Mounts))
        {
            return null;
        }

        string path = Path.GetFullPath(directory);
        Volume? best = null;
        foreach (string line in File.ReadLines(Mounts))
        {
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            string mount = fields[4];
            bool holds = mount == "/" || path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal);
            if (dash > 0 && holds && (best is null || mount.Length >= best.MountPoint.Length))
            {
                best = new Volume(mount, fields[dash + 1], fields[5], fields[dash + 2]);
            }
        }

        return best;
    }

    /// <summary>Bytes written to the device by whomever. WHY NOT <c>/proc/self/io</c>: it counts whole folios, up to
    /// 1 MiB for a record of 100 bytes.</summary>
    public long? BytesWritten()
    {
        string name = Path.GetFileName(Device);
        foreach (string line in File.ReadLines("/proc/diskstats"))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[NameField] == name)
            {
                return long.Parse(fields[SectorsWrittenField], CultureInfo.InvariantCulture) * SectorBytes;
            }
        }

        return null;
    }
}
