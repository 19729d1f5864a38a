using System.Buffers.Binary;

namespace LoraWal.Records;

/// <summary>The payload of a seal, the last frame of a segment that has a successor: the segment's last LSN.</summary>
internal static class Seal
{
    public const int Bytes = 8;

    public static void Encode(Span<byte> target, ulong lastLsn) =>
        BinaryPrimitives.WriteUInt64LittleEndian(target, lastLsn);

    public static bool TryDecode(ReadOnlySpan<byte> source, out ulong lastLsn)
    {
        lastLsn = source.Length == Bytes ? BinaryPrimitives.ReadUInt64LittleEndian(source) : 0;
        return source.Length == Bytes;
    }
}
