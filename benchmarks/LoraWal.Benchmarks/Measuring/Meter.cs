using System.Diagnostics;

namespace LoraWal.Benchmarks.Measuring;

/// <summary>What work costs besides time: processor, managed memory, collections, and bytes written to the
/// device.</summary>
internal sealed class Meter
{
    private readonly string _directory;
    private readonly bool _countsDevice;
    private readonly TimeSpan _processor;
    private readonly long _allocated;
    private readonly int _collections;
    private readonly long? _device;
    private readonly long _start;

    /// <param name="directory">Where the work writes.</param>
    /// <param name="countsDevice">Whether to write back the file system before and after, and look at the device: only
    /// for work whose bytes are few.</param>
    public Meter(string directory, bool countsDevice)
    {
        _directory = directory;
        _countsDevice = countsDevice;
        _device = DeviceBytes();
        _allocated = GC.GetTotalAllocatedBytes(precise: true);
        _collections = GC.CollectionCount(0);
        _processor = Environment.CpuUsage.TotalTime;
        _start = Stopwatch.GetTimestamp();
    }

    public Dictionary<string, double> Stop(double operations)
    {
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        TimeSpan processor = Environment.CpuUsage.TotalTime - _processor;
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - _allocated;
        int collections = GC.CollectionCount(0) - _collections;
        operations = Math.Max(operations, 1);
        Dictionary<string, double> values = new()
        {
            ["rate"] = operations / seconds,
            ["cpu_us"] = processor.TotalMicroseconds / operations,
            ["alloc_bytes"] = allocated / operations,
            ["gc0_per_million"] = collections * 1e6 / operations,
        };
        if (DeviceBytes() - _device is long written)
        {
            values["device_bytes"] = written / operations;
        }

        return values;
    }

    private long? DeviceBytes()
    {
        if (!_countsDevice)
        {
            return null;
        }

        Floors.BareFile.SettleFileSystem(_directory);
        return Volume.Of(_directory)?.BytesWritten();
    }
}
