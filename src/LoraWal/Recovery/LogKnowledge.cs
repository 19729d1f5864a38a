using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>What the frames of damaged segments still tell: a frame counts wherever it stands, if its checksum says
/// that it was written there.</summary>
internal sealed class LogKnowledge
{
    private const int ChunkBytes = 64 * 1024;
    private const int Alignment = 8;

    /// <summary>The newest floor named.</summary>
    public ulong Floor { get; private set; }

    /// <summary>The newest checkpoint fence named.</summary>
    public ulong Fence { get; private set; }

    /// <summary>The greatest generation named.</summary>
    public uint Generation { get; private set; }

    /// <summary>The greatest promise: everything up to it had once been synced.</summary>
    public ulong Promise { get; private set; }

    /// <summary>The greatest LSN that is known to have been given to a record.</summary>
    public ulong GreatestLsn { get; private set; }

    /// <summary>Valid records above the LSN that was asked about.</summary>
    public long RecordsAbove { get; private set; }

    /// <summary>Learns from a header.</summary>
    public void Add(SegmentHeader header)
    {
        Floor = Math.Max(Floor, header.Floor);
        Fence = Math.Max(Fence, header.Fence);
        Generation = Math.Max(Generation, header.Generation);
        Promise = Math.Max(Promise, header.PreviousLastLsn);
        GreatestLsn = Math.Max(GreatestLsn, header.PreviousLastLsn);
    }

    /// <summary>Takes over what another one knows, but for its records.</summary>
    public void Merge(LogKnowledge other)
    {
        Floor = Math.Max(Floor, other.Floor);
        Fence = Math.Max(Fence, other.Fence);
        Generation = Math.Max(Generation, other.Generation);
        Promise = Math.Max(Promise, other.Promise);
    }

    /// <summary>Learns from every frame of a segment, behind damage too.</summary>
    /// <param name="file">The segment.</param>
    /// <param name="header">Its header.</param>
    /// <param name="above">Records above this LSN are counted.</param>
    public void AddFrames(IStorageFile file, SegmentHeader header, ulong above)
    {
        Add(header);
        byte[] chunk = new byte[ChunkBytes];
        ulong greatest = header.BaseLsn + (ulong)header.FileBytes;
        long end = Math.Min(
            file.EndOfContent(SegmentLayout.HeaderBlockBytes, header.FileBytes) + FrameHeader.Bytes - 1,
            header.FileBytes);
        for (long offset = SegmentLayout.HeaderBlockBytes; offset + FrameHeader.Bytes <= end;)
        {
            int read = file.ReadFully(offset, chunk.AsSpan(0, (int)Math.Min(ChunkBytes, end - offset)));
            int place = 0;
            for (; place + FrameHeader.Bytes <= read; place += Alignment)
            {
                ReadOnlySpan<byte> candidate = chunk.AsSpan(place, FrameHeader.Bytes);
                ulong lsn = FrameHeader.PeekLsn(candidate);
                if (lsn >= header.BaseLsn && lsn <= greatest
                    && FrameHeader.TryDecode(candidate, header.Salt, offset + place, out FrameHeader frame))
                {
                    AddFrame(file, header, offset + place, frame, above);
                }
            }

            if (place == 0)
            {
                break; // the file is shorter than it was
            }

            offset += place;
        }
    }

    private void AddFrame(IStorageFile file, SegmentHeader header, long offset, FrameHeader frame, ulong above)
    {
        Promise = Math.Max(Promise, frame.Promise ?? 0);
        GreatestLsn = Math.Max(GreatestLsn, Math.Max(frame.Promise ?? 0, frame.Lsn - 1));
        if (frame.FrameBytes > header.FileBytes - offset)
        {
            return;
        }

        var reader = new FrameReader(file, header);
        reader.Seek(offset, frame.Lsn);
        if (reader.Read(offset + frame.FrameBytes) != FrameStatus.Ok)
        {
            return;
        }

        ulong last = reader.ExpectedLsn - 1;
        GreatestLsn = Math.Max(GreatestLsn, last);
        RecordsAbove += (long)(last - Math.Min(last, Math.Max(above, frame.Lsn - 1)));
        if (frame.Kind == FrameKind.Marker && Marker.TryDecode(reader.Payload.Span, out Marker marker))
        {
            Floor = Math.Max(Floor, marker.Floor);
            Fence = Math.Max(Fence, marker.Fence);
            Generation = Math.Max(Generation, marker.Generation);
        }
    }
}
