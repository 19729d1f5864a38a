using System.Buffers.Binary;

namespace LoraWal.CrashTests;

/// <summary>One thing that was done to a block device.</summary>
/// <param name="IsFlush">A flush; else a write.</param>
/// <param name="Forced">A write that was on the disk when it returned.</param>
/// <param name="Time">The monotonic clock's nanoseconds afterwards.</param>
/// <param name="Offset">Where it was written.</param>
/// <param name="Data">What was written.</param>
internal sealed record BlockCall(bool IsFlush, bool Forced, long Time, long Offset, byte[] Data);

/// <summary>A disk that remembers every write and every flush, in order.</summary>
internal sealed class RecordedDisk : IDisposable
{
    private const int HeadBytes = 32;
    private readonly NbdDisk _disk;

    public RecordedDisk(string format) => _disk = new NbdDisk(format, disk =>
    [
        "python",
        Path.Combine(AppContext.BaseDirectory, "block_recorder.py"),
        $"disk={disk.Image}",
        $"record={disk.PathOf("record")}",
    ]);

    /// <summary>What the tests need that use one.</summary>
    public static string[] Instruments { get; } =
        [.. NbdDisk.Instruments, "nbdkit python"];

    public string Log => _disk.Log;

    /// <summary>What the device held before anything was recorded.</summary>
    public string BaseImage => _disk.BaseImage;

    /// <summary>Unmounts, and reads what was recorded.</summary>
    public List<BlockCall> Finish()
    {
        _disk.Unmount();
        var calls = new List<BlockCall>();
        using FileStream file = File.OpenRead(_disk.PathOf("record"));
        Span<byte> head = stackalloc byte[HeadBytes];
        while (file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false) == HeadBytes)
        {
            byte[] data = new byte[BinaryPrimitives.ReadInt64LittleEndian(head[24..])];
            file.ReadExactly(data);
            calls.Add(new BlockCall(
                head[0] == 2,
                head[1] != 0,
                BinaryPrimitives.ReadInt64LittleEndian(head[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(head[16..]),
                data));
        }

        return calls;
    }

    public void Dispose() => _disk.Dispose();
}
