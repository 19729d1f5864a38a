using System.IO.Hashing;

namespace LoraWal.Records;

/// <summary>The log's one checksum: CRC-32 (IEEE), as kept by System.IO.Hashing.</summary>
internal static class Checksum
{
    public static uint Of(ReadOnlySpan<byte> bytes) => Crc32.HashToUInt32(bytes);
}
