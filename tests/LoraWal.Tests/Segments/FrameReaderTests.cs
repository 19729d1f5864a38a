using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Segments;

public class FrameReaderTests
{
    private const long Start = SegmentLayout.HeaderBlockBytes;

    private static readonly FrameStamp Nothing = new(0, DateTimeOffset.UnixEpoch);

    private static readonly SegmentHeader Header = new()
    {
        Generation = 1,
        LogId = 5,
        SegmentId = 1,
        PreviousLastLsn = 0,
        BaseLsn = 1,
        Floor = 0,
        Fence = 0,
        Created = 0,
        Salt = 0xBEEF,
        FileBytes = 65536,
    };

    private readonly SimulatedDisk _disk;
    private readonly IStorageFile _file;
    private readonly SegmentWriter _writer;

    public FrameReaderTests()
    {
        byte[] bytes = new byte[Header.FileBytes];
        Header.Encode(bytes);
        _disk = DiskWith("a", bytes);
        _file = _disk.Mount().Open("a", writable: true);
        _writer = new SegmentWriter(_file, Header, Start, 1);
    }

    [Fact]
    public void What_was_written_is_read()
    {
        WriteRecord([1, 2, 3], type: 9);
        _writer.WriteMarker(new Marker(MarkerReason.Synced, 1, 0, 0), Nothing);
        _writer.WriteSeal(Nothing);
        FrameReader reader = NewReader();

        Assert.Equal(FrameStatus.Ok, reader.Read(Header.FileBytes));
        Assert.Equal([1, 2, 3], reader.Payload.ToArray());
        Assert.Equal((FrameKind.Record, (ushort)9), (reader.Header.Kind, reader.Header.RecordType));
        Assert.Equal(1, reader.RecordCount);
        Assert.Equal((2UL, Start + 40), (reader.ExpectedLsn, reader.Offset));
        Assert.Equal(FrameStatus.Ok, reader.Read(Header.FileBytes));
        Assert.Equal((FrameKind.Marker, 0, 2UL), (reader.Header.Kind, reader.RecordCount, reader.ExpectedLsn));
        Assert.Equal(FrameStatus.Ok, reader.Read(Header.FileBytes));
        Assert.Equal(FrameKind.Seal, reader.Header.Kind);
        Assert.Equal(FrameStatus.Invalid, reader.Read(Header.FileBytes));
        Assert.Equal("zeros", reader.Problem);
    }

    [Fact]
    public void Zeros_are_no_frame()
    {
        FrameReader reader = NewReader();
        Assert.Equal(FrameStatus.Invalid, reader.Read(Header.FileBytes));
        Assert.Equal(Start, reader.Offset);
    }

    [Fact]
    public void Every_flipped_bit_of_a_frame_makes_it_invalid_and_never_odd()
    {
        WriteRecord([1, 2, 3], type: 9);
        int bits = (FrameHeader.Bytes + 3) * 8;
        for (int bit = 0; bit < bits; bit++)
        {
            _disk.Damage.FlipBit("a", Start + (bit / 8), bit % 8);
            Assert.True(NewReader().Read(Header.FileBytes) == FrameStatus.Invalid, $"bit {bit}");
            _disk.Damage.FlipBit("a", Start + (bit / 8), bit % 8);
        }

        Assert.Equal(FrameStatus.Ok, NewReader().Read(Header.FileBytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(255)]
    public void An_unknown_kind_within_valid_checksums_is_odd(byte kind) =>
        AssertOdd(Plain with { Kind = (FrameKind)kind }, "unknown kind");

    [Fact]
    public void Unknown_flags_within_valid_checksums_are_odd() => AssertOdd(Plain with { Flags = 1 }, "unknown flags");

    [Fact]
    public void A_record_type_on_anything_but_a_record_is_odd() =>
        AssertOdd(Plain with { Kind = FrameKind.Marker, RecordType = 1 }, "unknown flags");

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Another_lsn_than_the_expected_one_is_odd(ulong lsn) => AssertOdd(Plain with { Lsn = lsn }, "LSN");

    [Theory]
    [InlineData(65536 - 4096 - 32 + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(uint.MaxValue)]
    public void A_length_beyond_the_file_is_odd_and_nothing_of_that_size_is_allocated(uint length)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertOdd(Plain with { Length = length }, "does not fit");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_batch_whose_entries_do_not_add_up_is_odd() =>
        AssertOdd(Plain with { Kind = FrameKind.Batch, Length = 8, PayloadCrc = Checksum.Of(new byte[8]) }, "batch");

    [Fact]
    public void An_unknown_marker_is_odd() => AssertOdd(
        Plain with { Kind = FrameKind.Marker, Length = 24, PayloadCrc = Checksum.Of(new byte[24]) }, "marker");

    [Fact]
    public void A_seal_that_names_another_last_lsn_is_odd()
    {
        byte[] payload = BitConverter.GetBytes(7UL);
        _disk.Damage.Overwrite("a", Start + FrameHeader.Bytes, payload);
        AssertOdd(Plain with { Kind = FrameKind.Seal, Length = 8, PayloadCrc = Checksum.Of(payload) }, "seal");
    }

    [Fact]
    public void A_frame_of_an_earlier_life_of_the_file_is_not_parsed()
    {
        new SegmentWriter(_file, Header with { Salt = 0xBEEE }, Start, 1)
            .WriteMarker(new Marker(MarkerReason.Synced, 1, 0, 0), Nothing);

        Assert.Equal(FrameStatus.Invalid, NewReader().Read(Header.FileBytes));
    }

    [Fact]
    public void A_frame_written_to_the_wrong_place_is_not_parsed()
    {
        WriteRecord([1, 2, 3], type: 0);
        for (long offset = Start + 8; offset < Start + 4096; offset += 8)
        {
            _disk.Damage.CopyRange("a", Start, "a", offset, 40);
            FrameReader reader = NewReader();
            reader.Seek(offset, 1);
            Assert.True(reader.Read(Header.FileBytes) == FrameStatus.Invalid, $"offset {offset}");
        }
    }

    [Fact]
    public void A_payload_that_holds_frames_and_a_whole_segment_is_a_payload()
    {
        WriteRecord([1, 2, 3], type: 0);
        byte[] segment = _disk.ReadAll("a")[..8192];
        WriteRecord(segment, type: 1);
        FrameReader reader = NewReader();

        Assert.Equal(FrameStatus.Ok, reader.Read(Header.FileBytes));
        Assert.Equal(FrameStatus.Ok, reader.Read(Header.FileBytes));
        Assert.Equal(segment, reader.Payload.ToArray());
        Assert.Equal(FrameStatus.Invalid, reader.Read(Header.FileBytes));
        for (long offset = Start + 40 + 32; offset < Start + 40 + 32 + segment.Length; offset++)
        {
            reader.Seek(offset, 2);
            Assert.True(reader.Read(Header.FileBytes) == FrameStatus.Invalid, $"offset {offset}");
        }
    }

    [Fact]
    public void No_byte_at_or_past_the_limit_is_read()
    {
        WriteRecord([1, 2, 3], type: 0);
        _disk.Counters.KeepsTrace = true;

        Assert.Equal(FrameStatus.Odd, NewReader().Read(Start + 39));
        Assert.Equal(FrameStatus.Invalid, NewReader().Read(Start + 31));
        Assert.Equal(FrameStatus.Invalid, NewReader().Read(Start));
        Assert.All(_disk.Counters.Trace, read => Assert.InRange(read.Offset + read.Length, Start, Start + 39));
        Assert.Equal(FrameStatus.Ok, NewReader().Read(Start + 40));
    }

    [Fact]
    public void Short_reads_are_continued()
    {
        WriteRecord([1, 2, 3], type: 0);
        _disk.Faults = new FaultPlan().On(DiskOperationKind.Read, FaultAction.Short(7), times: 3).Decide;
        Assert.Equal(FrameStatus.Ok, NewReader().Read(Header.FileBytes));
    }

    [Fact]
    public void A_failing_read_is_no_damage()
    {
        WriteRecord([1, 2, 3], type: 0);
        _disk.Faults = new FaultPlan().On(DiskOperationKind.Read, FaultAction.Fail()).Decide;
        Assert.Throws<StorageException>(() => NewReader().Read(Header.FileBytes));
    }

    [Fact]
    public void A_payload_stays_as_it_was_when_reading_goes_on()
    {
        for (int i = 0; i < 1000; i++)
        {
            WriteRecord([(byte)i], type: 0);
        }

        FrameReader reader = NewReader();
        List<ReadOnlyMemory<byte>> kept = [];
        while (reader.Read(Header.FileBytes) == FrameStatus.Ok)
        {
            kept.Add(reader.Payload);
        }

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (byte)i), kept.Select(payload => payload.Span[0]));
    }

    [Fact]
    public void Of_a_frame_over_the_end_of_a_chunk_the_header_that_was_validated_stays()
    {
        WriteRecord(new byte[ReadBuffer.ChunkBytes / 2], type: 0);
        long second = Start + FrameHeader.SizeOf(ReadBuffer.ChunkBytes / 2);
        WriteRecord(new byte[20_000], type: 7);
        FrameReader reader = NewReader();
        Assert.Equal(FrameStatus.Ok, reader.Read(second + FrameHeader.Bytes));
        byte[] header = _disk.ReadAll("a").AsSpan((int)second, FrameHeader.Bytes).ToArray();

        _disk.Damage.Overwrite("a", second, new byte[FrameHeader.Bytes]); // the page has been dropped meanwhile
        Assert.Equal(FrameStatus.Ok, reader.Read(Header.FileBytes));

        Assert.Equal(header, reader.Frame[..FrameHeader.Bytes].ToArray());
    }

    [Fact]
    public void A_reused_buffer_reads_the_same_frames_into_one_array()
    {
        int[] sizes = [5, 40_000, 3, 0, 8_000];
        foreach (int size in sizes)
        {
            byte[] payload = new byte[size];
            payload.AsSpan().Fill((byte)size);
            WriteRecord(payload, type: 0);
        }

        FrameReader reader = new(_file, Header, new ReadBuffer(isReused: true));
        foreach (int size in sizes)
        {
            Assert.Equal(FrameStatus.Ok, reader.Read(Header.FileBytes));
            Assert.Equal(size, reader.Payload.Length);
            Assert.False(reader.Payload.Span.ContainsAnyExcept((byte)size));
        }

        Assert.Equal(FrameStatus.Invalid, reader.Read(Header.FileBytes));
    }

    private static FrameHeader Plain => new()
    {
        Lsn = 1,
        DurableLag = 1,
        Time = 0,
        Length = 0,
        PayloadCrc = 0,
        Kind = FrameKind.Record,
    };

    private FrameReader NewReader() => new(_file, Header);

    private void WriteRecord(byte[] payload, ushort type)
    {
        byte[] frame = new byte[FrameHeader.SizeOf(payload.Length)];
        payload.CopyTo(frame, FrameHeader.Bytes);
        _writer.WriteRecords(frame, FrameKind.Record, type, payload.Length, 1, Nothing);
    }

    private void AssertOdd(FrameHeader header, string problem)
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        header.Encode(bytes, Header.Salt, Start);
        _disk.Damage.Overwrite("a", Start, bytes);
        FrameReader reader = NewReader();
        Assert.Equal(FrameStatus.Odd, reader.Read(Header.FileBytes));
        Assert.Contains(problem, reader.Problem, StringComparison.Ordinal);
        Assert.Equal(Start, reader.Offset);
    }
}
