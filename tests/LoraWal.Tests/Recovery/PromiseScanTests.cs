using LoraWal.Records;
using LoraWal.Recovery;
using LoraWal.Segments;
using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Simulation.SimulatedWorld;

namespace LoraWal.Tests.Recovery;

public class PromiseScanTests
{
    private const uint Salt = 77;
    private const int FileBytes = 256 * 1024;

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
        Salt = Salt,
        FileBytes = FileBytes,
    };

    private readonly SimulatedDisk _disk = DiskWith("a", new byte[FileBytes]);

    [Fact]
    public void A_promise_is_found_at_every_place_where_a_frame_can_be()
    {
        for (long offset = 4096; offset + FrameHeader.Bytes <= FileBytes; offset += 8 * 509)
        {
            _disk.Damage.ZeroRange("a", 0, FileBytes);
            Put(offset, lsn: 20, lag: 10);
            Assert.Equal(offset, Find(4096, lsn: 10));
        }
    }

    [Fact]
    public void A_promise_across_the_pieces_that_are_read_is_found()
    {
        for (long offset = 4096 + 65536 - 64; offset <= 4096 + 65536 + 64; offset += 8)
        {
            _disk.Damage.ZeroRange("a", 0, FileBytes);
            Put(offset, lsn: 20, lag: 10);
            Assert.Equal(offset, Find(4096, lsn: 10));
        }
    }

    [Theory]
    [InlineData(20, 10u, 10, true)]
    [InlineData(20, 11u, 10, false)]
    [InlineData(20, FrameHeader.NoPromise, 10, false)]
    [InlineData(9, 0u, 10, false)]
    [InlineData(10, 0u, 10, true)]
    [InlineData(20, 21u, 10, false)]
    [InlineData(10_000_000, 0u, 10, false)]
    public void Only_a_header_that_can_be_there_and_promises_enough_counts(
        ulong lsn, uint lag, ulong missing, bool found)
    {
        Put(8192, lsn, lag);
        Assert.Equal(found, Find(4096, missing) is not null);
    }

    [Fact]
    public void A_promise_between_two_places_of_frames_is_none()
    {
        for (long offset = 8193; offset < 8200; offset++)
        {
            _disk.Damage.ZeroRange("a", 0, FileBytes);
            Put(offset, lsn: 20, lag: 0);
            Assert.Null(Find(4096, lsn: 10));
        }
    }

    // A frame of an empty record may end in zeros: the last bytes of its own checksum.
    [Fact]
    public void A_promise_whose_own_last_bytes_are_zero_is_found()
    {
        long offset = 8192;
        uint time = 0;
        do
        {
            Put(offset, lsn: 20, lag: 10, ++time);
        }
        while (_disk.ReadAll("a")[offset + FrameHeader.Bytes - 1] != 0);

        Assert.Equal(offset, Find(4096, lsn: 10));
    }

    private long? Find(long from, ulong lsn)
    {
        using IStorageFile file = _disk.Mount().Open("a", writable: false);
        return PromiseScan.Find(file, Header, from, file.EndOfContent(from, FileBytes), lsn);
    }

    private void Put(long offset, ulong lsn, uint lag, uint time = 0)
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        new FrameHeader
        {
            Lsn = lsn,
            DurableLag = lag,
            Time = time,
            Length = 0,
            PayloadCrc = 0,
            Kind = FrameKind.Record,
        }.Encode(bytes, Salt, offset);
        _disk.Damage.Overwrite("a", offset, bytes);
    }
}
