using CsCheck;
using LoraWal.Records;

namespace LoraWal.Tests.Records;

public class MarkerTests
{
    [Fact]
    public void A_marker_comes_back_as_it_was_written() =>
        Gen.Select(Gen.UInt[1, 5], Gen.UInt, Gen.ULong, Gen.ULong).Sample(
            (reason, generation, fence, floor) =>
            {
                Marker marker = new((MarkerReason)reason, generation, fence, floor);
                byte[] bytes = new byte[Marker.Bytes];
                marker.Encode(bytes);
                return Marker.TryDecode(bytes, out Marker found) && found == marker;
            },
            seed: "0000000000001");

    [Theory]
    [InlineData(0u)]
    [InlineData(6u)]
    [InlineData(uint.MaxValue)]
    public void A_marker_for_an_unknown_reason_is_refused(uint reason)
    {
        byte[] bytes = new byte[Marker.Bytes];
        new Marker((MarkerReason)reason, 1, 2, 3).Encode(bytes);
        Assert.False(Marker.TryDecode(bytes, out _));
    }

    [Fact]
    public void A_marker_or_seal_of_another_length_is_refused()
    {
        byte[] bytes = new byte[40];
        new Marker(MarkerReason.Open, 1, 2, 3).Encode(bytes);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(length == Marker.Bytes, Marker.TryDecode(bytes.AsSpan(0, length), out _));
            Assert.Equal(length == Seal.Bytes, Seal.TryDecode(bytes.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void A_seal_comes_back_as_it_was_written() => Gen.ULong.Sample(
        last =>
        {
            byte[] bytes = new byte[Seal.Bytes];
            Seal.Encode(bytes, last);
            return Seal.TryDecode(bytes, out ulong found) && found == last;
        },
        seed: "0000000000001");

    [Fact]
    public void The_numbers_on_disk_never_change()
    {
        Assert.Equal(
            [(1, "Checkpoint"), (2, "Truncation"), (3, "Synced"), (4, "Open"), (5, "Close")],
            Enum.GetValues<MarkerReason>().Select(reason => ((int)reason, reason.ToString())));
        Assert.Equal(
            [(0, "None"), (1, "Record"), (2, "Batch"), (3, "Marker"), (4, "Seal")],
            Enum.GetValues<FrameKind>().Select(kind => ((int)kind, kind.ToString())));
    }

    [Fact]
    public void Arbitrary_bytes_never_throw() => Gen.Byte.Array[0, 40].Sample(
        bytes =>
        {
            Marker.TryDecode(bytes, out _);
            Seal.TryDecode(bytes, out _);
        },
        seed: "0000000000001");

    [Fact]
    public void The_checksum_is_the_crc_32_that_everybody_knows() =>
        Assert.Equal(0xCBF43926, Checksum.Of("123456789"u8));
}
