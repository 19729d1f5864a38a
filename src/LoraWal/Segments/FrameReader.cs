using LoraWal.Records;
using LoraWal.Storage;

namespace LoraWal.Segments;

/// <summary>What is at a place where a frame is expected.</summary>
internal enum FrameStatus
{
    /// <summary>A valid frame, with the LSN expected.</summary>
    Ok,

    /// <summary>No valid frame: zeros, or a checksum that does not hold.</summary>
    Invalid,

    /// <summary>Valid checksums around something that must not be there: damage no crash can explain, or a log of a
    /// later version. Never a torn tail.</summary>
    Odd,
}

/// <summary>Reads the frames of one segment in order, each checked by its checksums and the LSN expected.</summary>
/// <remarks>How long a payload is valid is the buffer's to say: by default payloads are slices of arrays that are never
/// written again, safe to keep.</remarks>
internal sealed class FrameReader(IStorageFile file, SegmentHeader segment, ReadBuffer buffer)
{
    private byte[] _chunk = [];
    private long _chunkOffset;
    private int _chunkUsed;
    private int _frameStart;
    private bool _chunkLasts;
    private FrameHeader _header;

    /// <summary>Reads into arrays of its own, so that payloads are safe to keep.</summary>
    public FrameReader(IStorageFile file, SegmentHeader segment)
        : this(file, segment, new ReadBuffer(isReused: false))
    {
    }

    /// <summary>Offset of the next frame.</summary>
    public long Offset { get; private set; } = SegmentLayout.HeaderBlockBytes;

    /// <summary>LSN of the next record.</summary>
    public ulong ExpectedLsn { get; private set; } = segment.BaseLsn;

    /// <summary>Header of the frame read last; also when only its payload is damaged.</summary>
    public FrameHeader Header => _header;

    /// <summary>The frame read last, whole: header, payload and padding.</summary>
    public ReadOnlyMemory<byte> Frame => _chunk.AsMemory(_frameStart, (int)Header.FrameBytes);

    /// <summary>Payload of the frame read last.</summary>
    public ReadOnlyMemory<byte> Payload => _chunk.AsMemory(PayloadStart, (int)Header.Length);

    /// <summary>The array that holds the frame read last.</summary>
    public byte[] Chunk => _chunk;

    /// <summary>Where its payload begins there.</summary>
    public int PayloadStart => _frameStart + FrameHeader.Bytes;

    /// <summary>Whether that array may be handed out: it is never written again, or nobody asked for that.</summary>
    public bool IsPayloadLasting => _chunkLasts || !buffer.MustLast;

    /// <summary>Records in the frame read last.</summary>
    public int RecordCount { get; private set; }

    /// <summary>What is wrong, in words, after a status other than Ok.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Goes to the start of a frame.</summary>
    public void Seek(long offset, ulong expectedLsn)
    {
        Offset = offset;
        ExpectedLsn = expectedLsn;
    }

    /// <summary>Drops what has been read ahead: another process may have written there since.</summary>
    public void Forget() => _chunkUsed = 0;

    /// <summary>Reads the frame at <see cref="Offset"/> and moves behind it, if there is a valid one.</summary>
    /// <param name="limit">No byte at or past it is read.</param>
    public FrameStatus Read(long limit)
    {
        limit = Math.Min(limit, segment.FileBytes);
        ReadOnlySpan<byte> head = Bytes(FrameHeader.Bytes, limit);
        if (!FrameHeader.TryDecode(head, segment.Salt, Offset, out FrameHeader header))
        {
            Problem = head.IndexOfAnyExcept((byte)0) < 0 ? "zeros" : "a frame header whose checksum does not hold";
            return FrameStatus.Invalid;
        }

        _header = header;
        if (Oddity(header, limit) is { } oddity)
        {
            Problem = oddity;
            return FrameStatus.Odd;
        }

        // A large batch is handed out in small copies: large arrays cost a full collection each.
        bool isLarge = header.Kind == FrameKind.Batch && header.FrameBytes > ReadBuffer.ChunkBytes;
        ReadOnlySpan<byte> frame = Bytes((int)header.FrameBytes, limit, lasts: !isLarge);
        if (frame.Length < header.FrameBytes)
        {
            Problem = "the end of a file that has been shortened";
            return FrameStatus.Invalid;
        }

        ReadOnlySpan<byte> payload = frame.Slice(FrameHeader.Bytes, (int)header.Length);
        if (Checksum.Of(payload) != header.PayloadCrc)
        {
            Problem = "a payload whose checksum does not hold";
            return FrameStatus.Invalid;
        }

        if (!TryCountRecords(header, payload, out int count))
        {
            return FrameStatus.Odd;
        }

        _frameStart = (int)(Offset - _chunkOffset);
        RecordCount = count;
        ExpectedLsn += (ulong)count;
        Offset += header.FrameBytes;
        return FrameStatus.Ok;
    }

    private string? Oddity(in FrameHeader header, long limit)
    {
        if (header.Kind is < FrameKind.Record or > FrameKind.Seal)
        {
            return $"a frame of unknown kind {(byte)header.Kind}: written by a later version, or damaged";
        }

        if (header.Flags != 0 || (header.RecordType != 0 && header.Kind != FrameKind.Record))
        {
            return $"a frame with unknown flags {header.Flags}: written by a later version, or damaged";
        }

        if (Offset + header.FrameBytes > limit)
        {
            return $"a frame of {header.FrameBytes} bytes that does not fit";
        }

        return header.Lsn != ExpectedLsn ? $"a frame with LSN {header.Lsn}" : null;
    }

    private bool TryCountRecords(in FrameHeader header, ReadOnlySpan<byte> payload, out int count)
    {
        count = 0;
        switch (header.Kind)
        {
            case FrameKind.Record:
                count = 1;
                return true;
            case FrameKind.Batch:
                Problem = "a batch whose entries do not add up";
                return BatchHeader.TryValidate(payload, out count);
            case FrameKind.Marker:
                Problem = "an unknown marker: written by a later version, or damaged";
                return Marker.TryDecode(payload, out _);
            default:
                Problem = "a seal that names another last LSN";
                return Seal.TryDecode(payload, out ulong last) && last + 1 == ExpectedLsn;
        }
    }

    /// <summary>Bytes of the file from <see cref="Offset"/> on, from the chunk at hand or from a new one; fewer at the
    /// limit or the file's end.</summary>
    private ReadOnlySpan<byte> Bytes(int count, long limit, bool lasts = true)
    {
        count = (int)Math.Max(Math.Min(count, limit - Offset), 0);
        if (Offset < _chunkOffset || Offset + count > _chunkOffset + _chunkUsed)
        {
            ReadChunk(count, limit, lasts);
        }

        int start = (int)(Offset - _chunkOffset);
        return _chunk.AsSpan(start, Math.Min(count, _chunkUsed - start));
    }

    // INVARIANT: what has been read is kept, not read again: of a frame over the end of a chunk, the header that was
    // validated is the one that stays. A page may change between two reads.
    private void ReadChunk(int count, long limit, bool lasts)
    {
        ReadOnlySpan<byte> kept = Offset >= _chunkOffset && Offset < _chunkOffset + _chunkUsed
            ? _chunk.AsSpan((int)(Offset - _chunkOffset).._chunkUsed)
            : default;
        int ahead = lasts || !buffer.MustLast ? ReadBuffer.ChunkBytes : count + FrameHeader.Bytes;
        int wanted = (int)Math.Max(Math.Min(Math.Max(count, ahead), limit - Offset), 0);
        byte[] chunk = buffer.Take(wanted, lasts);
        kept.CopyTo(chunk);
        _chunk = chunk;
        _chunkLasts = lasts;
        _chunkOffset = Offset;
        _chunkUsed = kept.Length; // if the read fails, this much is there
        _chunkUsed += file.ReadFully(Offset + kept.Length, chunk.AsSpan(kept.Length..wanted));
    }
}
