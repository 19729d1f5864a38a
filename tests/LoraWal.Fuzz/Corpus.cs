using System.Buffers.Binary;
using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.TestSupport;

namespace LoraWal.Fuzz;

/// <summary>Small valid logs, as inputs to begin with. The same bytes every time.</summary>
internal static class Corpus
{
    private const int MostScanBytes = 1024;

    /// <summary>Writes a folder of inputs for every target.</summary>
    public static void Write(string folder)
    {
        foreach ((string target, string name, byte[] input) in Make())
        {
            Directory.CreateDirectory(Path.Combine(folder, target));
            File.WriteAllBytes(Path.Combine(folder, target, name), input);
        }
    }

    /// <summary>All inputs.</summary>
    public static IEnumerable<(string Target, string Name, byte[] Input)> Make()
    {
        foreach ((string name, TestLog log) in Logs())
        {
            DirectoryScript script = new();
            foreach (string file in log.Disk.Names)
            {
                script.Files[file] = log.Disk.ReadAll(file);
            }

            byte[] input = script.Write();
            yield return ("open", name, input);
            yield return ("open", $"{name}-repaired", [(byte)(input[0] | 1), .. input[1..]]);
            yield return ("open", $"{name}-refuse-fence", [(byte)(input[0] | 7), .. input[1..]]);
            byte[] first = script.Files.First(file => file.Key.EndsWith(".wal", StringComparison.Ordinal)).Value;
            byte[] content = first[SegmentLayout.HeaderBlockBytes..].AsSpan().TrimEnd((byte)0).ToArray();
            if (content.Length is > 0 and < MostScanBytes)
            {
                yield return ("scan", $"{name}-repaired", [1, .. content]);
            }

            foreach ((int index, byte[] frame) in Frames(first).Index())
            {
                yield return ("frame", $"{name}-{index}", frame);
            }
        }
    }

    /// <summary>The logs that the inputs are made of, each crashed or closed.</summary>
    public static IEnumerable<(string Name, TestLog Log)> Logs()
    {
        yield return ("created", Life(1, (_, _) => { }));
        yield return ("crashed", Life(2, (_, wal) =>
        {
            wal.Append([1, 2, 3], 5);
            wal.FlushTick();
            wal.Append([], 6);
            wal.Append("unsynced"u8);
        }));
        yield return ("batches", Life(3, (log, wal) =>
        {
            using WalBatch batch = new();
            batch.Add("one"u8, 1);
            batch.Add([], 2);
            batch.Add("three"u8, 3);
            Finish(log, wal.CommitAsync(batch, AppendDurability.Durable).AsTask());
            Finish(log, wal.CheckpointAsync(new Lsn(2)).AsTask());
            wal.Append("buffered"u8, 4, AppendDurability.Buffered);
            wal.Append("with it"u8, 5, AppendDurability.Buffered);
            wal.Append("and this"u8, 6, AppendDurability.Durable);
        }));
        yield return ("closed", Life(4, (log, wal) =>
        {
            wal.Append("one"u8, 1);
            Finish(log, wal.CloseAsync().AsTask());
        }));
        yield return ("rotated", Life(5, (_, wal) => Rotate(wal, 5)));
        yield return ("truncated", Life(6, (log, wal) =>
        {
            Rotate(wal, 5);
            Finish(log, wal.TruncateAsync(new Lsn(2)).AsTask());
        }));
        TestLog torn = Life(7, (_, wal) => wal.Append("whole"u8, 1, AppendDurability.Durable));
        torn.Disk.Damage.Overwrite(SegmentName.Of(1), SegmentLayout.HeaderBlockBytes + 200, [9, 9, 9]);
        yield return ("torn", torn);
    }

    private static TestLog Life(long seed, Action<TestLog, Wal> work)
    {
        TestLog log = new(seed);
        work(log, log.Open());
        log.Work.RunAll();
        log.Kill();
        return log;
    }

    private static void Rotate(Wal wal, int records)
    {
        const int HalfASegment = 24 * 1024;
        byte[] payload = new byte[HalfASegment];
        for (int i = 1; i <= records; i++)
        {
            payload[0] = (byte)i;
            wal.Append(payload, (ushort)i, AppendDurability.Durable);
        }
    }

    private static void Finish(TestLog log, Task task)
    {
        while (!task.IsCompleted)
        {
            if (!log.Work.RunNext())
            {
                Thread.Yield(); // a continuation is under way on another thread
            }
        }

        task.GetAwaiter().GetResult();
    }

    private static IEnumerable<byte[]> Frames(byte[] segment)
    {
        uint salt = SegmentHeader.Decode(segment, out _, out SegmentHeader? header) == HeaderStatus.Ok
            ? header!.Salt
            : throw new InvalidOperationException("A log of our own has a bad header.");
        long offset = SegmentLayout.HeaderBlockBytes;
        while (FrameHeader.TryDecode(segment.AsSpan((int)offset), salt, offset, out FrameHeader frame))
        {
            if (frame.FrameBytes < 1024)
            {
                byte[] input = new byte[FrameTarget.HeadBytes + FrameHeader.Bytes + (int)frame.Length];
                input[0] = 1;
                BinaryPrimitives.WriteUInt32LittleEndian(input.AsSpan(1), salt);
                BinaryPrimitives.WriteInt64LittleEndian(input.AsSpan(5), offset);
                segment.AsSpan((int)offset, input.Length - FrameTarget.HeadBytes)
                    .CopyTo(input.AsSpan(FrameTarget.HeadBytes));
                yield return input;
            }

            offset += frame.FrameBytes;
        }
    }
}
