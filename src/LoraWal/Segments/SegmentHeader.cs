using System.Buffers.Binary;
using LoraWal.Records;

namespace LoraWal.Segments;

/// <summary>What the first bytes of a file turned out to be.</summary>
internal enum HeaderStatus
{
    Ok,
    NotOurs,
    UnsupportedVersion,
    Damaged,
}

/// <summary>The header of a segment: written and synced before the file gets its name, and never again.</summary>
//
//   0        8         12           16       32    40         48     56      64      72        80     84    88
//   +--------+---------+------------+--------+-----+----------+------+-------+-------+---------+------+-----+
//   | magic  | version | generation | log id | id  | prev.LSN | base | floor | fence | created | salt | crc |
//   +--------+---------+------------+--------+-----+----------+------+-------+-------+---------+------+-----+
//   |<------------------------------- covered by crc ----------------------------------------->|
//
//   88           96    100
//   +------------+-----+
//   | file bytes | crc |     covers bytes 0..84 and 88..96. A named segment always has its full size: a shorter one was
//   +------------+-----+     cut. (A CRC over bytes that end in their own CRC would say nothing of them.)
internal sealed record SegmentHeader
{
    public const int Bytes = 100;
    public const uint SupportedVersion = 2;

    /// <summary>First millisecond of the year 1, in Unix time: times before it cannot be told.</summary>
    public const long EarliestCreated = -62_135_596_800_000;

    /// <summary>Last millisecond of the year 9999, less what a frame may add to it.</summary>
    public const long LatestCreated = 253_402_300_799_999 - uint.MaxValue;

    /// <summary>No log gets here by appending; above it, LSNs would go over into 0 one day.</summary>
    public const ulong GreatestBaseLsn = long.MaxValue;

    private const int VersionOffset = 8;
    private const int GenerationOffset = 12;
    private const int LogIdOffset = 16;
    private const int SegmentIdOffset = 32;
    private const int PreviousLastOffset = 40;
    private const int BaseOffset = 48;
    private const int FloorOffset = 56;
    private const int FenceOffset = 64;
    private const int CreatedOffset = 72;
    private const int SaltOffset = 80;
    private const int CrcOffset = 84;
    private const int FileBytesOffset = 88;
    private const int FullCrcOffset = 96;

    private static ReadOnlySpan<byte> Magic => "LORAWAL\0"u8;

    /// <summary>How often the log had been opened when the segment was made; for reports.</summary>
    public required uint Generation { get; init; }

    /// <summary>The same random number in all segments of one log.</summary>
    public required UInt128 LogId { get; init; }

    /// <summary>Equal to the file's name.</summary>
    public required long SegmentId { get; init; }

    /// <summary>Last LSN of the predecessor: all of it was durable before this header was written.</summary>
    public required ulong PreviousLastLsn { get; init; }

    /// <summary>LSN of the first record here: the next one, or above it after a fence jump.</summary>
    public required ulong BaseLsn { get; init; }

    /// <summary>Everything up to here may have been truncated.</summary>
    public required ulong Floor { get; init; }

    /// <summary>The newest checkpoint fence.</summary>
    public required ulong Fence { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <summary>Part of every frame's checksum in this segment.</summary>
    public required uint Salt { get; init; }

    /// <summary>Size of the file, always.</summary>
    public required long FileBytes { get; init; }

    public void Encode(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[VersionOffset..], SupportedVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(target[GenerationOffset..], Generation);
        BinaryPrimitives.WriteUInt128LittleEndian(target[LogIdOffset..], LogId);
        BinaryPrimitives.WriteInt64LittleEndian(target[SegmentIdOffset..], SegmentId);
        BinaryPrimitives.WriteUInt64LittleEndian(target[PreviousLastOffset..], PreviousLastLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(target[BaseOffset..], BaseLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(target[FloorOffset..], Floor);
        BinaryPrimitives.WriteUInt64LittleEndian(target[FenceOffset..], Fence);
        BinaryPrimitives.WriteInt64LittleEndian(target[CreatedOffset..], Created);
        BinaryPrimitives.WriteUInt32LittleEndian(target[SaltOffset..], Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcOffset..], Checksum.Of(target[..CrcOffset]));
        BinaryPrimitives.WriteInt64LittleEndian(target[FileBytesOffset..], FileBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[FullCrcOffset..], FullChecksumOf(target));
    }

    /// <summary>Reads a header, or says what the bytes are instead.</summary>
    /// <param name="source">The first bytes of a file.</param>
    /// <param name="version">The version found, also when it is not supported.</param>
    /// <param name="header">The header; null unless the status is Ok.</param>
    public static HeaderStatus Decode(ReadOnlySpan<byte> source, out uint version, out SegmentHeader? header)
    {
        version = 0;
        header = null;
        if (source.Length < GenerationOffset)
        {
            return HeaderStatus.Damaged;
        }

        if (!source.StartsWith(Magic))
        {
            return HeaderStatus.NotOurs;
        }

        // The version comes before the checksum: another version may keep its checksum elsewhere.
        version = BinaryPrimitives.ReadUInt32LittleEndian(source[VersionOffset..]);
        if (version != SupportedVersion)
        {
            return HeaderStatus.UnsupportedVersion;
        }

        if (source.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(source[CrcOffset..]) != Checksum.Of(source[..CrcOffset])
            || BinaryPrimitives.ReadUInt32LittleEndian(source[FullCrcOffset..]) != FullChecksumOf(source))
        {
            return HeaderStatus.Damaged;
        }

        header = new SegmentHeader
        {
            Generation = BinaryPrimitives.ReadUInt32LittleEndian(source[GenerationOffset..]),
            LogId = BinaryPrimitives.ReadUInt128LittleEndian(source[LogIdOffset..]),
            SegmentId = BinaryPrimitives.ReadInt64LittleEndian(source[SegmentIdOffset..]),
            PreviousLastLsn = BinaryPrimitives.ReadUInt64LittleEndian(source[PreviousLastOffset..]),
            BaseLsn = BinaryPrimitives.ReadUInt64LittleEndian(source[BaseOffset..]),
            Floor = BinaryPrimitives.ReadUInt64LittleEndian(source[FloorOffset..]),
            Fence = BinaryPrimitives.ReadUInt64LittleEndian(source[FenceOffset..]),
            Created = BinaryPrimitives.ReadInt64LittleEndian(source[CreatedOffset..]),
            Salt = BinaryPrimitives.ReadUInt32LittleEndian(source[SaltOffset..]),
            FileBytes = BinaryPrimitives.ReadInt64LittleEndian(source[FileBytesOffset..]),
        };
        return HeaderStatus.Ok;
    }

    private static uint FullChecksumOf(ReadOnlySpan<byte> header)
    {
        Span<byte> covered = stackalloc byte[CrcOffset + sizeof(long)];
        header[..CrcOffset].CopyTo(covered);
        header.Slice(FileBytesOffset, sizeof(long)).CopyTo(covered[CrcOffset..]);
        return Checksum.Of(covered);
    }
}
