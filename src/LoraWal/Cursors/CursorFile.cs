using System.Buffers.Binary;
using System.Text;
using LoraWal.Records;

namespace LoraWal.Cursors;

/// <summary>What a cursor's file says. The file is never written again: the next position gets a new one.</summary>
//
//   0       8        12           16       32        40         48        56       64           65   72     136   140
//   +-------+---------+------------+--------+----------+----------+---------+--------+-------------+----+------+-----+
//   | magic | version | generation | log id | sequence | position | updated | maxlag | name length | 0  | name | crc |
//   +-------+---------+------------+--------+----------+----------+---------+--------+-------------+----+------+-----+
//   |<----------------------------------------- covered by crc ------------------------------------------------>|
internal sealed record CursorFile
{
    public const int Bytes = 140;
    public const uint SupportedVersion = 1;

    private const int VersionOffset = 8;
    private const int GenerationOffset = 12;
    private const int LogIdOffset = 16;
    private const int SequenceOffset = 32;
    private const int PositionOffset = 40;
    private const int UpdatedOffset = 48;
    private const int MaxLagOffset = 56;
    private const int NameLengthOffset = 64;
    private const int NameOffset = 72;
    private const int CrcOffset = NameOffset + CursorName.MaxLength;

    private static ReadOnlySpan<byte> Magic => "LORACUR\0"u8;

    /// <summary>How often the log had been opened; for reports.</summary>
    public required uint Generation { get; init; }

    /// <summary>The log that the position is meant in.</summary>
    public required UInt128 LogId { get; init; }

    /// <summary>How many files this cursor has had; for reports.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>Up to here everything has been acknowledged; it was durable.</summary>
    public required ulong Position { get; init; }

    /// <summary>When the file was written, in Unix milliseconds; for reports.</summary>
    public required long Updated { get; init; }

    /// <summary>Above so many bytes of lag the cursor is reported, opened or not. 0: never.</summary>
    public required long MaxLagBytes { get; init; }

    /// <summary>Equal to the file's name without its ending.</summary>
    public required string Name { get; init; }

    public byte[] Encode()
    {
        byte[] target = new byte[Bytes];
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target.AsSpan(VersionOffset), SupportedVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(target.AsSpan(GenerationOffset), Generation);
        BinaryPrimitives.WriteUInt128LittleEndian(target.AsSpan(LogIdOffset), LogId);
        BinaryPrimitives.WriteUInt64LittleEndian(target.AsSpan(SequenceOffset), Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(target.AsSpan(PositionOffset), Position);
        BinaryPrimitives.WriteInt64LittleEndian(target.AsSpan(UpdatedOffset), Updated);
        BinaryPrimitives.WriteInt64LittleEndian(target.AsSpan(MaxLagOffset), MaxLagBytes);
        target[NameLengthOffset] = (byte)Name.Length;
        Encoding.ASCII.GetBytes(Name, target.AsSpan(NameOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(
            target.AsSpan(CrcOffset), Checksum.Of(target.AsSpan(0, CrcOffset)));
        return target;
    }

    /// <summary>Reads a file's bytes, or says what is wrong with them.</summary>
    /// <param name="source">All bytes of the file; one more than it may have is enough to tell.</param>
    /// <param name="name">What the file's name says.</param>
    /// <param name="problem">What is wrong, when the result is null.</param>
    /// <param name="detail">The same in words.</param>
    public static CursorFile? Decode(
        ReadOnlySpan<byte> source, string name, out WalCursorProblem problem, out string detail)
    {
        problem = WalCursorProblem.Damaged;
        detail = "is not a whole cursor file, or its checksum is wrong";
        if (source.Length < LogIdOffset || !source.StartsWith(Magic))
        {
            return null;
        }

        // The version comes before the checksum: another version may keep its checksum elsewhere. A damaged version is
        // told from a later one by the checksum: ours, over the bytes with our version in its place.
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(source[VersionOffset..]);
        if (version != SupportedVersion && !IsOursWithDamagedVersion(source))
        {
            problem = WalCursorProblem.UnsupportedVersion;
            detail = $"has version {version}; this version reads {SupportedVersion}";
            return null;
        }

        if (source.Length != Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(source[CrcOffset..]) != Checksum.Of(source[..CrcOffset]))
        {
            return null;
        }

        int length = source[NameLengthOffset];
        string written = length <= CursorName.MaxLength
            ? Encoding.ASCII.GetString(source.Slice(NameOffset, length))
            : "";
        if (written != name)
        {
            detail = $"is the file of the cursor '{written}'";
            return null;
        }

        detail = "";
        return new CursorFile
        {
            Generation = BinaryPrimitives.ReadUInt32LittleEndian(source[GenerationOffset..]),
            LogId = BinaryPrimitives.ReadUInt128LittleEndian(source[LogIdOffset..]),
            Sequence = BinaryPrimitives.ReadUInt64LittleEndian(source[SequenceOffset..]),
            Position = BinaryPrimitives.ReadUInt64LittleEndian(source[PositionOffset..]),
            Updated = BinaryPrimitives.ReadInt64LittleEndian(source[UpdatedOffset..]),
            MaxLagBytes = BinaryPrimitives.ReadInt64LittleEndian(source[MaxLagOffset..]),
            Name = written,
        };
    }

    private static bool IsOursWithDamagedVersion(ReadOnlySpan<byte> source)
    {
        if (source.Length != Bytes)
        {
            return false;
        }

        Span<byte> mended = stackalloc byte[Bytes];
        source.CopyTo(mended);
        BinaryPrimitives.WriteUInt32LittleEndian(mended[VersionOffset..], SupportedVersion);
        return BinaryPrimitives.ReadUInt32LittleEndian(mended[CrcOffset..]) == Checksum.Of(mended[..CrcOffset]);
    }
}
