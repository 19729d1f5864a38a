using System.Buffers.Binary;
using System.Text;
using LoraWal.Records;

namespace LoraWal.Snapshots;

/// <summary>How the payload of a snapshot is stored.</summary>
[Flags]
internal enum SnapshotFlags : uint
{
    None = 0,
    Brotli = 1,
    Encrypted = 2,
}

/// <summary>The first bytes of a snapshot. docs/format.md draws the whole file.</summary>
//
//   0  8  magic "LORASNAP"
//   8  4  format version = 1
//  12  4  flags                1 Brotli | 2 AES-256-GCM; any other bit is refused
//  16 16  log id               of the log whose records made the state
//  32  4  generation           how often that log had been opened
//  36  4  length of the machine's name
//  40  8  LSN                  the state holds every record up to here; equals the file's name
//  48  8  created              Unix milliseconds
//  56 32  salt                 random
//  88 64  the machine's name   ASCII, zeros behind it
// 152 16  key check            tells a wrong key from damage; zeros without encryption
// 168  8  payload length       what the machine wrote
// 176  8  stored length        bytes behind this header: the file ends there
// 184  4  zero
// 188  4  CRC of bytes 0..188
//
// Written last, over bytes that were zeros: what the lengths are is known only then.
internal sealed record SnapshotHeader
{
    public const int Bytes = 192;
    public const int SaltBytes = 32;
    public const int KeyCheckBytes = 16;

    /// <summary>Known before the first chunk is written: bound to every encrypted chunk.</summary>
    public const int BoundBytes = PayloadLengthOffset;

    public const uint SupportedVersion = 1;

    private const int VersionOffset = 8;
    private const int FlagsOffset = 12;
    private const int LogIdOffset = 16;
    private const int GenerationOffset = 32;
    private const int NameLengthOffset = 36;
    private const int LsnOffset = 40;
    private const int CreatedOffset = 48;
    private const int SaltOffset = 56;
    private const int NameOffset = 88;
    private const int NameBytes = 64;
    private const int KeyCheckOffset = 152;
    private const int PayloadLengthOffset = 168;
    private const int StoredLengthOffset = 176;
    private const int ZeroOffset = 184;
    private const int CrcOffset = 188;

    public required SnapshotFlags Flags { get; init; }

    public required UInt128 LogId { get; init; }

    public required uint Generation { get; init; }

    public required ulong Lsn { get; init; }

    public required long Created { get; init; }

    public required byte[] Salt { get; init; }

    public required string Machine { get; init; }

    public byte[] KeyCheck { get; init; } = new byte[KeyCheckBytes];

    public long PayloadBytes { get; init; }

    public long StoredBytes { get; init; }

    private static ReadOnlySpan<byte> Magic => "LORASNAP"u8;

    public void Encode(Span<byte> target)
    {
        target[..Bytes].Clear();
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[VersionOffset..], SupportedVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(target[FlagsOffset..], (uint)Flags);
        BinaryPrimitives.WriteUInt128LittleEndian(target[LogIdOffset..], LogId);
        BinaryPrimitives.WriteUInt32LittleEndian(target[GenerationOffset..], Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(target[NameLengthOffset..], (uint)Machine.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(target[LsnOffset..], Lsn);
        BinaryPrimitives.WriteInt64LittleEndian(target[CreatedOffset..], Created);
        Salt.CopyTo(target[SaltOffset..]);
        Encoding.ASCII.GetBytes(Machine, target.Slice(NameOffset, NameBytes));
        KeyCheck.CopyTo(target[KeyCheckOffset..]);
        BinaryPrimitives.WriteInt64LittleEndian(target[PayloadLengthOffset..], PayloadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[StoredLengthOffset..], StoredBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcOffset..], Checksum.Of(target[..CrcOffset]));
    }

    /// <summary>Reads a header.</summary>
    /// <param name="source">The first bytes of the file.</param>
    /// <param name="version">The format's version, if the checksum holds; else 0.</param>
    /// <returns>Null if it is damaged, or of another version.</returns>
    public static SnapshotHeader? Decode(ReadOnlySpan<byte> source, out uint version)
    {
        version = 0;
        if (source.Length < Bytes || !source.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(source[CrcOffset..]) != Checksum.Of(source[..CrcOffset]))
        {
            return null;
        }

        version = BinaryPrimitives.ReadUInt32LittleEndian(source[VersionOffset..]);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(source[FlagsOffset..]);
        uint nameLength = BinaryPrimitives.ReadUInt32LittleEndian(source[NameLengthOffset..]);
        if (version != SupportedVersion
            || (flags & ~(uint)(SnapshotFlags.Brotli | SnapshotFlags.Encrypted)) != 0
            || nameLength > NameBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(source[ZeroOffset..]) != 0)
        {
            return null;
        }

        return new SnapshotHeader
        {
            Flags = (SnapshotFlags)flags,
            LogId = BinaryPrimitives.ReadUInt128LittleEndian(source[LogIdOffset..]),
            Generation = BinaryPrimitives.ReadUInt32LittleEndian(source[GenerationOffset..]),
            Lsn = BinaryPrimitives.ReadUInt64LittleEndian(source[LsnOffset..]),
            Created = BinaryPrimitives.ReadInt64LittleEndian(source[CreatedOffset..]),
            Salt = source.Slice(SaltOffset, SaltBytes).ToArray(),
            Machine = Encoding.ASCII.GetString(source.Slice(NameOffset, (int)nameLength)),
            KeyCheck = source.Slice(KeyCheckOffset, KeyCheckBytes).ToArray(),
            PayloadBytes = BinaryPrimitives.ReadInt64LittleEndian(source[PayloadLengthOffset..]),
            StoredBytes = BinaryPrimitives.ReadInt64LittleEndian(source[StoredLengthOffset..]),
        };
    }
}
