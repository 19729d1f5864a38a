using CsCheck;
using LoraWal.Records;

namespace LoraWal.Tests.Records;

public class FrameHeaderTests
{
    private const uint Salt = 0x5A17;
    private const long Offset = 4096;

    private static readonly Gen<FrameHeader> AnyHeader =
        from lsn in Gen.ULong
        from lag in Gen.UInt
        from time in Gen.UInt
        from length in Gen.UInt
        from crc in Gen.UInt
        from kind in Gen.Byte
        from flags in Gen.Byte
        from type in Gen.UShort
        select new FrameHeader
        {
            Lsn = lsn,
            DurableLag = lag,
            Time = time,
            Length = length,
            PayloadCrc = crc,
            Kind = (FrameKind)kind,
            Flags = flags,
            RecordType = type,
        };

    [Fact]
    public void The_neutral_bytes_change_no_checksum() => Gen.Byte.Array[0, 200].Sample(
        bytes =>
        {
            byte[] longer = [.. BitConverter.GetBytes(Checksum.Neutral), .. bytes];
            Assert.Equal(Checksum.Of(bytes), Checksum.Of(longer));
        },
        seed: "0000000000001");

    [Fact]
    public void The_header_checksum_is_that_of_salt_place_and_fields() => AnyHeader.Select(Gen.UInt, Gen.Long).Sample(
        (header, salt, offset) =>
        {
            byte[] bytes = new byte[FrameHeader.Bytes];
            header.Encode(bytes, salt, offset);
            byte[] covered = [.. BitConverter.GetBytes(salt), .. BitConverter.GetBytes(offset), .. bytes.AsSpan(0, 28)];
            Assert.Equal(Checksum.Of(covered), BitConverter.ToUInt32(bytes, 28));
        },
        seed: "0000000000001");

    [Fact]
    public void A_header_comes_back_as_it_was_written() => AnyHeader.Select(Gen.UInt, Gen.Long).Sample(
        (header, salt, offset) =>
        {
            byte[] bytes = new byte[FrameHeader.Bytes];
            header.Encode(bytes, salt, offset);
            return FrameHeader.TryDecode(bytes, salt, offset, out FrameHeader found) && found == header
                && FrameHeader.PeekLsn(bytes) == header.Lsn;
        },
        seed: "0000000000001");

    [Fact]
    public void A_header_lies_where_the_format_says()
    {
        byte[] bytes = Encoded(new FrameHeader
        {
            Lsn = 0x0807060504030201,
            DurableLag = 0x0C0B0A09,
            Time = 0x100F0E0D,
            Length = 0x14131211,
            PayloadCrc = 0x18171615,
            Kind = (FrameKind)0x19,
            Flags = 0x1A,
            RecordType = 0x1C1B,
        });

        Assert.Equal(Enumerable.Range(1, 28).Select(value => (byte)value), bytes.Take(28));

        byte[] covered = [.. BitConverter.GetBytes(Salt), .. BitConverter.GetBytes(Offset), .. bytes.Take(28)];
        Assert.Equal(Checksum.Of(covered), BitConverter.ToUInt32(bytes, 28));
    }

    [Fact]
    public void Every_flipped_bit_of_a_header_is_noticed()
    {
        byte[] bytes = Encoded(Some);
        for (int bit = 0; bit < FrameHeader.Bytes * 8; bit++)
        {
            byte[] damaged = [.. bytes];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(FrameHeader.TryDecode(damaged, Salt, Offset, out _), $"bit {bit}");
        }
    }

    [Fact]
    public void A_header_is_valid_in_its_own_segment_only() => Gen.UInt.Where(salt => salt != Salt).Sample(
        salt => !FrameHeader.TryDecode(Encoded(Some), salt, Offset, out _), seed: "0000000000001");

    [Fact]
    public void A_header_is_valid_at_its_own_place_only() => Gen.Long.Where(offset => offset != Offset).Sample(
        offset => !FrameHeader.TryDecode(Encoded(Some), Salt, offset, out _), seed: "0000000000001");

    [Fact]
    public void A_header_cut_short_is_none()
    {
        byte[] bytes = Encoded(Some);
        for (int length = 0; length < FrameHeader.Bytes; length++)
        {
            Assert.False(FrameHeader.TryDecode(bytes.AsSpan(0, length), Salt, Offset, out _));
        }
    }

    [Fact]
    public void Zeros_are_never_a_header_that_names_a_frame()
    {
        // A checksum of zeros can be zero for one salt and offset in four billion; kind 0 is refused even then.
        Assert.False(FrameHeader.TryDecode(new byte[FrameHeader.Bytes], Salt, Offset, out _));
        Assert.Equal(0, (byte)FrameKind.None);
    }

    [Fact]
    public void Arbitrary_bytes_never_throw() => Gen.Byte.Array[0, 64].Sample(
        bytes =>
        {
            FrameHeader.TryDecode(bytes, Salt, Offset, out _);
        },
        seed: "0000000000001");

    [Theory]
    [InlineData(10, 0, 10UL)]
    [InlineData(10, 10, 0UL)]
    [InlineData(10, 1, 9UL)]
    [InlineData(10, 11, null)]
    [InlineData(ulong.MaxValue, 0xFFFFFFFF, null)]
    public void A_promise_is_the_lsn_minus_the_lag_and_never_below_zero(ulong lsn, uint lag, ulong? promise) =>
        Assert.Equal(promise, (Some with { Lsn = lsn, DurableLag = lag }).Promise);

    [Theory]
    [InlineData(5UL, 5UL, 0u)]
    [InlineData(5UL, 0UL, 5u)]
    [InlineData(0xFFFFFFFEUL, 0UL, 0xFFFFFFFEu)]
    [InlineData(0xFFFFFFFFUL, 0UL, FrameHeader.NoPromise)]
    [InlineData(0x1_0000_0005UL, 0UL, FrameHeader.NoPromise)]
    public void A_lag_too_great_for_its_field_promises_nothing(ulong lsn, ulong durable, uint lag) =>
        Assert.Equal(lag, FrameHeader.LagOf(lsn, durable));

    [Theory]
    [InlineData(0, 32)]
    [InlineData(1, 40)]
    [InlineData(8, 40)]
    [InlineData(9, 48)]
    [InlineData(uint.MaxValue, 0x1_0000_0020)]
    public void A_frame_takes_its_header_its_payload_and_padding_to_eight(long payload, long frame) =>
        Assert.Equal(frame, FrameHeader.SizeOf(payload));

    private static FrameHeader Some => new()
    {
        Lsn = 77,
        DurableLag = 3,
        Time = 1000,
        Length = 5,
        PayloadCrc = 0xABCDEF01,
        Kind = FrameKind.Record,
        RecordType = 9,
    };

    private static byte[] Encoded(FrameHeader header)
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        header.Encode(bytes, Salt, Offset);
        return bytes;
    }
}
