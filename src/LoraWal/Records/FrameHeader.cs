using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace LoraWal.Records;

/// <summary>The one place that knows where each field of a frame's header lies.</summary>
//
//   0        8      12     16       20      24     25      26     28       32
//   +--------+------+------+--------+-------+------+-------+------+--------+-------------+---------+
//   | lsn    | lag  | time | length | p.crc | kind | flags | type | h.crc  | payload ... | 0 ... 0 |
//   +--------+------+------+--------+-------+------+-------+------+--------+-------------+---------+
//   |<------------------ covered by h.crc --------------------->|                    to a multiple of 8
//
// All integers are little-endian. `length` is that of the payload, without header and padding. `p.crc` covers the
// payload; `h.crc` covers the segment's salt (4 bytes) and the frame's offset in the file (8 bytes), then bytes 0..28.
//
// So a frame is valid only in the segment and at the place it was written for, no length is believed before its
// checksum is, and a frame whose payload is damaged still gives its promise.
internal readonly record struct FrameHeader
{
    public const int Bytes = 32;

    /// <summary>A durable lag that promises nothing.</summary>
    public const uint NoPromise = 0xFFFFFFFF;

    private const int LsnOffset = 0;
    private const int LagOffset = 8;
    private const int TimeOffset = 12;
    private const int LengthOffset = 16;
    private const int PayloadCrcOffset = 20;
    private const int KindOffset = 24;
    private const int FlagsOffset = 25;
    private const int TypeOffset = 26;
    private const int HeaderCrcOffset = 28;
    private const int PlaceBytes = sizeof(uint) + sizeof(long);
    private const int Alignment = 8;
    private const int HalfBits = 32;
    private const ulong UpperHalf = 0xFFFFFFFF_00000000;
    private const int FlagsShift = (FlagsOffset - KindOffset) * 8;
    private const int TypeShift = (TypeOffset - KindOffset) * 8;

    // WHY NOT a field for each: what is written in small pieces and copied at once makes the processor wait.
    private readonly ulong _lsn;
    private readonly ulong _lagAndTime;
    private readonly ulong _lengthAndCrc;
    private readonly uint _kindFlagsAndType;

    [SetsRequiredMembers]
    private FrameHeader(ulong lsn, ulong lagAndTime, ulong lengthAndCrc, uint kindFlagsAndType)
    {
        _lsn = lsn;
        _lagAndTime = lagAndTime;
        _lengthAndCrc = lengthAndCrc;
        _kindFlagsAndType = kindFlagsAndType;
    }

    /// <summary>LSN of the first record; of the next record for a marker or a seal.</summary>
    public required ulong Lsn { get => _lsn; init => _lsn = value; }

    /// <summary><see cref="Lsn"/> minus the highest LSN proven durable when the header was finished.</summary>
    public required uint DurableLag
    {
        get => (uint)_lagAndTime;
        init => _lagAndTime = (_lagAndTime & UpperHalf) | value;
    }

    /// <summary>Milliseconds since the segment was created.</summary>
    public required uint Time
    {
        get => (uint)(_lagAndTime >> HalfBits);
        init => _lagAndTime = (uint)_lagAndTime | ((ulong)value << HalfBits);
    }

    /// <summary>Payload bytes.</summary>
    public required uint Length
    {
        get => (uint)_lengthAndCrc;
        init => _lengthAndCrc = (_lengthAndCrc & UpperHalf) | value;
    }

    /// <summary>CRC of the payload.</summary>
    public required uint PayloadCrc
    {
        get => (uint)(_lengthAndCrc >> HalfBits);
        init => _lengthAndCrc = (uint)_lengthAndCrc | ((ulong)value << HalfBits);
    }

    /// <summary>What the frame holds; unknown numbers are kept as they are.</summary>
    public required FrameKind Kind
    {
        get => (FrameKind)(byte)_kindFlagsAndType;
        init => _kindFlagsAndType = (_kindFlagsAndType & 0xFFFFFF00) | (byte)value;
    }

    /// <summary>Zero; anything else is refused.</summary>
    public byte Flags
    {
        get => (byte)(_kindFlagsAndType >> FlagsShift);
        init => _kindFlagsAndType = (_kindFlagsAndType & 0xFFFF00FF) | ((uint)value << FlagsShift);
    }

    /// <summary>The application's number, in a frame of one record; else zero.</summary>
    public ushort RecordType
    {
        get => (ushort)(_kindFlagsAndType >> TypeShift);
        init => _kindFlagsAndType = (ushort)_kindFlagsAndType | ((uint)value << TypeShift);
    }

    /// <summary>Everything up to here had been synced before the header was finished; null: no promise.</summary>
    public ulong? Promise => DurableLag == NoPromise || DurableLag > Lsn ? null : Lsn - DurableLag;

    /// <summary>Bytes of header, payload and padding.</summary>
    public long FrameBytes => SizeOf(Length);

    /// <summary>Bytes of header, payload and padding of a frame with this payload.</summary>
    public static long SizeOf(long payloadBytes) => (Bytes + payloadBytes + (Alignment - 1)) & ~(Alignment - 1L);

    /// <summary>The lag that promises an LSN.</summary>
    public static uint LagOf(ulong lsn, ulong durable) =>
        lsn - durable < NoPromise ? (uint)(lsn - durable) : NoPromise;

    /// <summary>Writes the header for a place, checksum included.</summary>
    public void Encode(Span<byte> target, uint salt, long offset)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target[LsnOffset..], Lsn);
        BinaryPrimitives.WriteUInt32LittleEndian(target[LagOffset..], DurableLag);
        BinaryPrimitives.WriteUInt32LittleEndian(target[TimeOffset..], Time);
        BinaryPrimitives.WriteUInt32LittleEndian(target[LengthOffset..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[PayloadCrcOffset..], PayloadCrc);
        target[KindOffset] = (byte)Kind;
        target[FlagsOffset] = Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(target[TypeOffset..], RecordType);
        BinaryPrimitives.WriteUInt32LittleEndian(target[HeaderCrcOffset..], ChecksumOf(target, salt, offset));
    }

    /// <summary>Reads the header at a place, or says that its checksum is not valid there.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, uint salt, long offset, out FrameHeader header)
    {
        header = default;
        if (source.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(source[HeaderCrcOffset..]) != ChecksumOf(source, salt, offset))
        {
            return false;
        }

        header = new FrameHeader(
            PeekLsn(source),
            BinaryPrimitives.ReadUInt64LittleEndian(source[LagOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[LengthOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[KindOffset..]));
        return true;
    }

    /// <summary>The LSN field, not yet to be believed.</summary>
    public static ulong PeekLsn(ReadOnlySpan<byte> source) =>
        BinaryPrimitives.ReadUInt64LittleEndian(source[LsnOffset..]);

    private static uint ChecksumOf(ReadOnlySpan<byte> header, uint salt, long offset)
    {
        Span<byte> covered = stackalloc byte[Checksum.NeutralBytes + PlaceBytes + HeaderCrcOffset];
        ulong lsn = PeekLsn(header);
        ulong lagAndTime = BinaryPrimitives.ReadUInt64LittleEndian(header[LagOffset..]);
        ulong lengthAndCrc = BinaryPrimitives.ReadUInt64LittleEndian(header[LengthOffset..]);
        uint rest = BinaryPrimitives.ReadUInt32LittleEndian(header[KindOffset..]);

        // The place is half a word long, so the header's words lie across two. Written in whole vectors, as they are
        // read: anything narrower makes the processor wait.
        Write(covered, Checksum.Neutral, salt | ((ulong)offset << HalfBits));
        Write(covered[16..], Across((ulong)offset, lsn), Across(lsn, lagAndTime));
        Write(covered[32..], Across(lagAndTime, lengthAndCrc), Across(lengthAndCrc, rest));
        return Checksum.Of(covered);
    }

    private static ulong Across(ulong low, ulong high) => (low >> HalfBits) | (high << HalfBits);

    private static void Write(Span<byte> target, ulong first, ulong second)
    {
        if (BitConverter.IsLittleEndian)
        {
            Vector128.Create(first, second).AsByte().CopyTo(target);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(target, first);
            BinaryPrimitives.WriteUInt64LittleEndian(target[sizeof(ulong)..], second);
        }
    }
}
