using System.Runtime.InteropServices;

namespace LoraWal.Benchmarks.Measuring;

/// <summary>What the figures belong to.</summary>
internal sealed record Machine(
    string Processor, int Cores, string Memory, string FileSystem, string Device, string Kernel, string Runtime)
{
    public static Machine Describe(string directory)
    {
        Volume? volume = Volume.Of(directory);
        return new Machine(
            FirstValue("/proc/cpuinfo", "model name"),
            Environment.ProcessorCount,
            $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1L << 30)} GiB",
            volume is null ? "unknown" : $"{volume.FileSystem} ({volume.Options})",
            volume is null ? "unknown" : DescribeDevice(volume.Device),
            DescribeKernel(),
            RuntimeInformation.FrameworkDescription);
    }

    private static string DescribeKernel()
    {
        const string Release = "/proc/sys/kernel/osrelease";
        return File.Exists(Release)
            ? $"{File.ReadAllText(Release).Trim()}, {RuntimeInformation.OSDescription}"
            : RuntimeInformation.OSDescription;
    }

    private static string DescribeDevice(string device)
    {
        string name = Path.GetFileName(device);
        string queue = $"/sys/block/{name}/queue/";
        if (!Directory.Exists(queue))
        {
            return name;
        }

        string kind = name.StartsWith("vd", StringComparison.Ordinal) ? "virtual disk" : "disk";
        string cache = File.Exists(queue + "write_cache") ? File.ReadAllText(queue + "write_cache").Trim() : "unknown";
        return $"{kind}, write cache: {cache}";
    }

    private static string FirstValue(string file, string key) =>
        File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))
                ?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString()
            : RuntimeInformation.ProcessArchitecture.ToString();
}
