using System.Buffers.Binary;

namespace LoraWal.Records;

/// <summary>Why a marker was written. Stable numbers.</summary>
internal enum MarkerReason : uint
{
    Checkpoint = 1,
    Truncation = 2,
    Synced = 3,
    Open = 4,
    Close = 5,
}

/// <summary>The payload of a marker frame: what the log knows besides its records. Consumes no LSN.</summary>
//
//   0        4            8         16        24
//   +--------+------------+---------+---------+
//   | reason | generation | fence   | floor   |
//   +--------+------------+---------+---------+
internal readonly record struct Marker(MarkerReason Reason, uint Generation, ulong Fence, ulong Floor)
{
    public const int Bytes = 24;

    private const int GenerationOffset = 4;
    private const int FenceOffset = 8;
    private const int FloorOffset = 16;

    public void Encode(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)Reason);
        BinaryPrimitives.WriteUInt32LittleEndian(target[GenerationOffset..], Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(target[FenceOffset..], Fence);
        BinaryPrimitives.WriteUInt64LittleEndian(target[FloorOffset..], Floor);
    }

    /// <summary>Reads a marker, or says that it is not one this version knows.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, out Marker marker)
    {
        marker = default;
        if (source.Length != Bytes)
        {
            return false;
        }

        marker = new Marker(
            (MarkerReason)BinaryPrimitives.ReadUInt32LittleEndian(source),
            BinaryPrimitives.ReadUInt32LittleEndian(source[GenerationOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[FenceOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[FloorOffset..]));
        return marker.Reason is >= MarkerReason.Checkpoint and <= MarkerReason.Close;
    }
}
