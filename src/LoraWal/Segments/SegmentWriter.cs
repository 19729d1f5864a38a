using LoraWal.Records;
using LoraWal.Storage;

namespace LoraWal.Segments;

/// <summary>Appends frames to one segment. Used by one thread at a time.</summary>
internal sealed class SegmentWriter(IStorageFile file, SegmentHeader header, long offset, ulong nextLsn)
{
    private readonly byte[] _small = new byte[FrameHeader.Bytes + Marker.Bytes];

    public IStorageFile File => file;

    public SegmentHeader Header => header;

    /// <summary>Where the next frame goes.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>LSN of the next record.</summary>
    public ulong NextLsn { get; private set; } = nextLsn;

    /// <summary>The highest promise in this segment: what a reader of it knows to be durable.</summary>
    public ulong Promised { get; private set; }

    /// <summary>Whether a frame of records fits.</summary>
    public bool HasRoom(long frameBytes) => Offset + frameBytes <= SegmentLayout.RecordEnd(header.FileBytes);

    /// <summary>Whether a marker fits.</summary>
    public bool HasRoom(MarkerReason reason) =>
        Offset + FrameHeader.SizeOf(Marker.Bytes) <= SegmentLayout.MarkerEnd(header.FileBytes, reason);

    /// <summary>Whether a time can still be told in this segment.</summary>
    public bool CanTell(DateTimeOffset now) => now.ToUnixTimeMilliseconds() - header.Created <= uint.MaxValue;

    /// <summary>Finishes a frame in place (header, checksums) and writes it.</summary>
    /// <param name="frame">Room for the header, then the payload, then zeros to a multiple of 8.</param>
    /// <param name="kind">Record or batch.</param>
    /// <param name="recordType">The application's number, for a record.</param>
    /// <param name="payloadBytes">Payload bytes.</param>
    /// <param name="recordCount">Records in the frame.</param>
    /// <param name="stamp">What is known to be durable, and the time.</param>
    public void WriteRecords(
        Span<byte> frame, FrameKind kind, ushort recordType, int payloadBytes, int recordCount, FrameStamp stamp)
    {
        Encode(frame, kind, recordType, payloadBytes, stamp);
        file.WriteAll(Offset, frame);
        Offset += frame.Length;
        NextLsn += (ulong)recordCount;
        Promised = Math.Max(Promised, stamp.Durable);
    }

    /// <summary>Writes a marker.</summary>
    public void WriteMarker(Marker marker, FrameStamp stamp)
    {
        marker.Encode(_small.AsSpan(FrameHeader.Bytes));
        WriteRecords(_small.AsSpan(0, FrameHeader.Bytes + Marker.Bytes), FrameKind.Marker, 0, Marker.Bytes, 0, stamp);
    }

    /// <summary>Writes the seal: the last frame.</summary>
    public void WriteSeal(FrameStamp stamp)
    {
        Seal.Encode(_small.AsSpan(FrameHeader.Bytes), NextLsn - 1);
        WriteRecords(_small.AsSpan(0, FrameHeader.Bytes + Seal.Bytes), FrameKind.Seal, 0, Seal.Bytes, 0, stamp);
    }

    private void Encode(Span<byte> frame, FrameKind kind, ushort recordType, int payloadBytes, FrameStamp stamp)
    {
        long time = stamp.Now.ToUnixTimeMilliseconds() - header.Created;
        new FrameHeader
        {
            Lsn = NextLsn,
            DurableLag = FrameHeader.LagOf(NextLsn, stamp.Durable),
            Time = (uint)Math.Clamp(time, 0, uint.MaxValue),
            Length = (uint)payloadBytes,
            PayloadCrc = Checksum.Of(frame.Slice(FrameHeader.Bytes, payloadBytes)),
            Kind = kind,
            RecordType = recordType,
        }.Encode(frame, header.Salt, Offset);
    }
}

/// <summary>What whoever finishes a frame knows.</summary>
/// <param name="Durable">Highest LSN that a sync which has returned success covers.</param>
/// <param name="Now">The time.</param>
internal readonly record struct FrameStamp(ulong Durable, DateTimeOffset Now);
