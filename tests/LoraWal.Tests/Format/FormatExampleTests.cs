using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Format;

/// <summary>The worked example of docs/format.md is a log: the product reads it, and writes the very same
/// bytes.</summary>
public class FormatExampleTests
{
    private const int FileBytes = 65536;

    private static readonly DateTimeOffset Created = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_example_opens_clean_and_gives_its_transactions()
    {
        Wal wal = OpenExample(new TestLog());

        Assert.Equal(TailVerdict.Clean, wal.Recovery.Verdict);
        Assert.Equal(2, wal.Recovery.SegmentCount);
        Assert.Equal(3, wal.Recovery.Generation);
        Assert.Equal(new Lsn(101), wal.Recovery.LastLsn);
        Assert.Equal(new Lsn(102), wal.Status.NextLsn);
        Assert.Equal(
            [
                "1..1 +0 ms: 7 hello",
                "2..3 +5 ms: 1 a, 2 bc",
                "4..4 +5 ms: 3 d",
                "101..101 +2000 ms: 7 world",
            ],
            wal.ReadAsync().ToBlockingEnumerable(TestContext.Current.CancellationToken).Select(Describe));
    }

    [Fact]
    public void The_product_writes_the_first_segment_of_the_example()
    {
        (SimulatedDisk disk, SegmentWriter writer) = Begin(FirstHeader());

        writer.WriteRecords(Frame("hello"u8), FrameKind.Record, 7, 5, 1, Stamp(0, 0));
        byte[] batch = Frame([.. BatchPayload()]);
        writer.WriteRecords(batch, FrameKind.Batch, 0, BatchPayload().Count, 3, Stamp(0, 5));
        writer.WriteMarker(new Marker(MarkerReason.Close, 1, 0, 0), Stamp(4, 60));
        writer.WriteMarker(new Marker(MarkerReason.Open, 2, 0, 0), Stamp(4, 1000));
        writer.WriteSeal(Stamp(4, 2000));

        AssertSame(SegmentName.Of(1), disk);
    }

    [Fact]
    public void The_product_writes_the_second_segment_of_the_example()
    {
        (SimulatedDisk disk, SegmentWriter writer) = Begin(FirstHeader() with
        {
            Generation = 2,
            SegmentId = 2,
            PreviousLastLsn = 4,
            BaseLsn = 101,
            Created = Created.AddMilliseconds(2000).ToUnixTimeMilliseconds(),
            Salt = 0x5eed0002,
        });

        writer.WriteRecords(Frame("world"u8), FrameKind.Record, 7, 5, 1, Stamp(4, 2000));
        writer.WriteMarker(new Marker(MarkerReason.Close, 2, 0, 0), Stamp(101, 2050));

        AssertSame(SegmentName.Of(2), disk);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_byte_that_the_example_shows_is_checked_but_padding(int segment)
    {
        HexExample example = HexExample.OfFile(SegmentName.Of(segment));
        List<long> unnoticed = [];
        foreach (HexField field in example.Fields.Where(field => field.Comment != "padding"))
        {
            for (long offset = field.Offset; offset < field.Offset + field.Bytes.Length; offset++)
            {
                if (!IsNoticed(example.FileName, offset))
                {
                    unnoticed.Add(offset);
                }
            }
        }

        Assert.Empty(unnoticed);
    }

    // Noticed: refused, or a torn tail, or fewer records when read.
    private static bool IsNoticed(string name, long offset)
    {
        TestLog log = new();
        try
        {
            Wal wal = OpenExample(log, () => log.Disk.Damage.FlipBit(name, offset, 3));
            return wal.Recovery.Verdict != TailVerdict.Clean || wal.ReadAsync().ToBlockingEnumerable().Count() != 4;
        }
        catch (WalException)
        {
            return true;
        }
    }

    // Not disposed of: the scheduler runs no work, and a simulated process may just end.
    private static Wal OpenExample(TestLog log, Action? damage = null)
    {
        foreach (HexExample example in HexExample.All())
        {
            log.Disk.Damage.WriteAll(example.FileName, example.Content(FileBytes));
        }

        damage?.Invoke();
        return log.Open();
    }

    private static string Describe(WalTransaction transaction)
    {
        List<string> records = [];
        foreach (WalRecord record in transaction)
        {
            records.Add($"{record.RecordType} {System.Text.Encoding.ASCII.GetString(record.Payload.Span)}");
        }

        double milliseconds = (transaction.Timestamp - Created).TotalMilliseconds;
        return $"{transaction.FirstLsn}..{transaction.LastLsn} +{milliseconds} ms: {string.Join(", ", records)}";
    }

    private static SegmentHeader FirstHeader()
    {
        byte[] logId = [.. Enumerable.Range(0xa0, 16).Select(value => (byte)value)];
        return new SegmentHeader
        {
            Generation = 1,
            LogId = BitConverter.ToUInt128(logId),
            SegmentId = 1,
            PreviousLastLsn = 0,
            BaseLsn = 1,
            Floor = 0,
            Fence = 0,
            Created = Created.ToUnixTimeMilliseconds(),
            Salt = 0x5eed0001,
            FileBytes = FileBytes,
        };
    }

    private static (SimulatedDisk Disk, SegmentWriter Writer) Begin(SegmentHeader header)
    {
        SimulatedDisk disk = new();
        string name = SegmentName.Of(header.SegmentId);
        disk.Damage.WriteAll(name, new byte[FileBytes]);
        SimulatedStorage storage = disk.Mount();
        LoraWal.Storage.IStorageFile file = storage.Open(name, writable: true);
        SegmentFiles.WriteHeader(file, header);
        return (disk, new SegmentWriter(file, header, SegmentLayout.HeaderBlockBytes, header.BaseLsn));
    }

    private static FrameStamp Stamp(ulong durable, int milliseconds) =>
        new(durable, Created.AddMilliseconds(milliseconds));

    private static byte[] Frame(ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[FrameHeader.SizeOf(payload.Length)];
        payload.CopyTo(frame.AsSpan(FrameHeader.Bytes));
        return frame;
    }

    private static List<byte> BatchPayload()
    {
        byte[] head = new byte[BatchHeader.Bytes];
        BatchHeader.Encode(head, 3);
        return [.. head, .. Entry("a"u8, 1, false), .. Entry("bc"u8, 2, true), .. Entry("d"u8, 3, true)];
    }

    private static byte[] Entry(ReadOnlySpan<byte> payload, ushort type, bool isLast)
    {
        byte[] entry = new byte[BatchEntry.HeaderBytes + payload.Length];
        new BatchEntry(payload.Length, type, isLast).Write(entry);
        payload.CopyTo(entry.AsSpan(BatchEntry.HeaderBytes));
        return entry;
    }

    private static void AssertSame(string name, SimulatedDisk disk) =>
        Assert.Equal(HexExample.OfFile(name).Content(FileBytes), disk.ReadAll(name));
}
