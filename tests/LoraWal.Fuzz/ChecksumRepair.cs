using System.Buffers.Binary;
using LoraWal.Records;
using LoraWal.Segments;

namespace LoraWal.Fuzz;

/// <summary>Makes the checksums of mutated bytes right, so that a fuzzer gets behind them.</summary>
internal static class ChecksumRepair
{
    private const int LengthOffset = 16;
    private const int PayloadCrcOffset = 20;
    private const int KindOffset = 24;
    private const int HeaderCrcOffset = 28;
    private const int SaltOffset = 80;
    private const int SegmentCrcOffset = 84;
    private const int FileBytesOffset = 88;
    private const int FullCrcOffset = 96;

    /// <summary>Repairs a segment: its header's checksums, and those of its frames, one behind the other as far as
    /// their lengths lead.</summary>
    public static void Segment(Span<byte> file)
    {
        if (file.Length < SegmentHeader.Bytes)
        {
            return;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(file[SegmentCrcOffset..], Checksum.Of(file[..SegmentCrcOffset]));
        byte[] covered = [.. file[..SegmentCrcOffset], .. file.Slice(FileBytesOffset, sizeof(long))];
        BinaryPrimitives.WriteUInt32LittleEndian(file[FullCrcOffset..], Checksum.Of(covered));
        Frames(file, BinaryPrimitives.ReadUInt32LittleEndian(file[SaltOffset..]));
    }

    /// <summary>Repairs the frames of a segment.</summary>
    public static void Frames(Span<byte> file, uint salt)
    {
        long offset = SegmentLayout.HeaderBlockBytes;
        while (offset + FrameHeader.Bytes <= file.Length && file[(int)offset + KindOffset] != 0)
        {
            offset += Frame(file[(int)offset..], salt, offset);
        }
    }

    /// <summary>Repairs the frame at the start of some bytes, if there is room for a header.</summary>
    /// <returns>Its size; that of a header, if its length leads out of the bytes.</returns>
    public static int Frame(Span<byte> frame, uint salt, long offset)
    {
        if (frame.Length < FrameHeader.Bytes)
        {
            return FrameHeader.Bytes;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(frame[LengthOffset..]);
        bool fits = length <= frame.Length - FrameHeader.Bytes;
        if (fits)
        {
            uint crc = Checksum.Of(frame.Slice(FrameHeader.Bytes, (int)length));
            BinaryPrimitives.WriteUInt32LittleEndian(frame[PayloadCrcOffset..], crc);
        }

        Span<byte> place = stackalloc byte[sizeof(uint) + sizeof(long)];
        BinaryPrimitives.WriteUInt32LittleEndian(place, salt);
        BinaryPrimitives.WriteInt64LittleEndian(place[sizeof(uint)..], offset);
        byte[] covered = [.. place, .. frame[..HeaderCrcOffset]];
        BinaryPrimitives.WriteUInt32LittleEndian(frame[HeaderCrcOffset..], Checksum.Of(covered));
        return fits ? (int)FrameHeader.SizeOf(length) : FrameHeader.Bytes;
    }
}
