using CsCheck;
using LoraWal.Segments;

namespace LoraWal.Tests.Segments;

public class SegmentHeaderTests
{
    private static readonly SegmentHeader Some = new()
    {
        Generation = 3,
        LogId = new UInt128(0x1122334455667788, 0x99AABBCCDDEEFF00),
        SegmentId = 7,
        PreviousLastLsn = 100,
        BaseLsn = 101,
        Floor = 50,
        Fence = 60,
        Created = 1_767_225_600_000,
        Salt = 0xCAFEBABE,
        FileBytes = 65536,
    };

    [Fact]
    public void A_header_comes_back_as_it_was_written() =>
        Gen.Select(Gen.UInt, Gen.ULong, Gen.ULong, Gen.Long, Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong)
            .Select(Gen.Long, Gen.UInt, Gen.Long)
            .Sample(
                (first, created, salt, bytes) =>
                {
                    SegmentHeader header = new()
                    {
                        Generation = first.Item1,
                        LogId = new UInt128(first.Item2, first.Item3),
                        SegmentId = first.Item4,
                        PreviousLastLsn = first.Item5,
                        BaseLsn = first.Item6,
                        Floor = first.Item7,
                        Fence = first.Item8,
                        Created = created,
                        Salt = salt,
                        FileBytes = bytes,
                    };
                    HeaderStatus status = SegmentHeader.Decode(Encoded(header), out uint version, out var found);
                    return (status, version) == (HeaderStatus.Ok, 2u) && found == header;
                },
                seed: "0000000000001");

    [Fact]
    public void Every_flipped_bit_of_a_header_is_refused()
    {
        byte[] bytes = Encoded(Some);
        for (int bit = 0; bit < SegmentHeader.Bytes * 8; bit++)
        {
            byte[] damaged = [.. bytes];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            HeaderStatus status = SegmentHeader.Decode(damaged, out _, out SegmentHeader? header);
            Assert.True(status != HeaderStatus.Ok && header is null, $"bit {bit}");
        }
    }

    [Fact]
    public void A_header_cut_short_is_refused()
    {
        byte[] bytes = Encoded(Some);
        for (int length = 0; length < SegmentHeader.Bytes; length++)
        {
            Assert.NotEqual(HeaderStatus.Ok, SegmentHeader.Decode(bytes.AsSpan(0, length), out _, out _));
        }
    }

    [Fact]
    public void A_header_begins_as_the_format_says() => Assert.Equal(
        "4C4F524157414C00" + "02000000" + "03000000" + "00FFEEDDCCBBAA998877665544332211" + "0700000000000000"
            + "6400000000000000" + "6500000000000000" + "3200000000000000" + "3C00000000000000",
        Convert.ToHexString(Encoded(Some).AsSpan(0, 72)));

    [Theory]
    [InlineData(1u)]
    [InlineData(3u)]
    public void Another_version_is_told_from_damage_before_any_checksum(uint version)
    {
        byte[] bytes = Encoded(Some);
        BitConverter.TryWriteBytes(bytes.AsSpan(8), version);
        Assert.Equal(HeaderStatus.UnsupportedVersion, SegmentHeader.Decode(bytes, out uint found, out _));
        Assert.Equal(version, found);
    }

    [Fact]
    public void Bytes_of_something_else_are_told_from_damage() =>
        Assert.Equal(HeaderStatus.NotOurs, SegmentHeader.Decode(new byte[100], out _, out _));

    [Fact]
    public void Arbitrary_bytes_never_throw() => Gen.Byte.Array[0, 120].Sample(
        bytes =>
        {
            SegmentHeader.Decode(bytes, out _, out _);
            SegmentHeader.Decode([.. "LORAWAL\0\u0002\0\0\0"u8, .. bytes], out _, out _);
        },
        seed: "0000000000001");

    private static byte[] Encoded(SegmentHeader header)
    {
        byte[] bytes = new byte[SegmentHeader.Bytes];
        header.Encode(bytes);
        return bytes;
    }
}
