using System.IO.Hashing;

namespace LoraWal.Records;

/// <summary>The log's one checksum: CRC-32 (IEEE), as kept by System.IO.Hashing.</summary>
internal static class Checksum
{
    /// <summary>Eight bytes, little-endian, that change nothing in front of others: a CRC goes back to where it begins.
    /// They make a short input a whole number of vectors; what is left over would be taken byte by byte.</summary>
    public const ulong Neutral = 0x9226F562FFFFFFFF;

    /// <summary>Bytes of <see cref="Neutral"/>.</summary>
    public const int NeutralBytes = sizeof(ulong);

    public static uint Of(ReadOnlySpan<byte> bytes) => Crc32.HashToUInt32(bytes);
}
