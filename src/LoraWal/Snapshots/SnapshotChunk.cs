using System.Buffers.Binary;
using System.IO.Hashing;

namespace LoraWal.Snapshots;

/// <summary>The pieces that a snapshot's payload is stored in: the checksum of each, and of all.</summary>
//
//   0  4  stored bytes n; bit 31: the end chunk
//   4  4  CRC over the header's salt, the chunk's number (8 bytes), the four bytes above, the stored bytes
//   8  n  stored bytes: the payload (compressed first, then encrypted, with the 16 bytes of the tag behind)
//
// The end chunk stores 24 bytes: payload length, number of chunks before it, XxHash64 of all their stored bytes.
//
// WHY a checksum a chunk and one over all: a reader hands out no byte that it has not checked, without holding more
// than a chunk; and the end tells chunks that are missing, and what 32 bits overlook in gigabytes.
internal sealed class SnapshotChunk(byte[] salt)
{
    public const int HeadBytes = 8;
    public const int PayloadBytes = 64 * 1024;
    public const int EndBytes = 24;
    public const uint EndBit = 1u << 31;

    private readonly Crc32 _crc = new();
    private readonly XxHash64 _all = new();

    /// <summary>Number of the next chunk.</summary>
    public ulong Index { get; private set; }

    /// <summary>The checksum over all chunks so far.</summary>
    public ulong All => _all.GetCurrentHashAsUInt64();

    /// <summary>The checksum of the next chunk.</summary>
    public uint CrcOf(uint lengthWord, ReadOnlySpan<byte> stored)
    {
        Span<byte> place = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(place, Index);
        BinaryPrimitives.WriteUInt32LittleEndian(place[8..], lengthWord);
        _crc.Reset();
        _crc.Append(salt);
        _crc.Append(place);
        _crc.Append(stored);
        return _crc.GetCurrentHashAsUInt32();
    }

    /// <summary>Goes on to the next chunk.</summary>
    public void Pass(ReadOnlySpan<byte> stored)
    {
        _all.Append(stored);
        Index++;
    }
}
