using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>One forward pass over a segment, to the first place without a valid frame.</summary>
internal sealed class SegmentScan
{
    private const int MostUnproven = 64 * 1024;

    private readonly FrameReader _reader;
    private readonly IStorageFile _file;
    private readonly SegmentHeader _header;

    // Records whose durability no promise has reached yet, in order: where each frame ends, and its last LSN.
    private Queue<(long End, ulong LastLsn)> _unproven = new();

    private SegmentScan(IStorageFile file, SegmentHeader header)
    {
        _file = file;
        _header = header;
        _reader = new FrameReader(file, header, new ReadBuffer(isReused: true));
        Floor = header.Floor;
        Fence = header.Fence;
        Generation = header.Generation;
        ProvenNextLsn = header.BaseLsn;
    }

    /// <summary>Where the valid frames end.</summary>
    public long EndOffset { get; private set; }

    /// <summary>LSN of the record expected there.</summary>
    public ulong NextLsn { get; private set; }

    /// <summary>Why the frames end there, in words.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>The greatest promise of any frame.</summary>
    public ulong Promise { get; private set; }

    /// <summary>Where the last frame of records that is proven durable ends: frames from here on are not.</summary>
    public long ProvenEnd { get; private set; } = SegmentLayout.HeaderBlockBytes;

    /// <summary>LSN of the record expected there.</summary>
    public ulong ProvenNextLsn { get; private set; }

    /// <summary>Where the seal is; null if the segment has none.</summary>
    public long? SealOffset { get; private set; }

    /// <summary>Whether the last frame is a close marker.</summary>
    public bool EndsInClose { get; private set; }

    /// <summary>The newest floor named.</summary>
    public ulong Floor { get; private set; }

    /// <summary>The newest checkpoint fence named.</summary>
    public ulong Fence { get; private set; }

    /// <summary>The greatest generation named.</summary>
    public uint Generation { get; private set; }

    /// <summary>Number of records.</summary>
    public long Records { get; private set; }

    /// <summary>Scans a segment.</summary>
    /// <exception cref="WalCorruptException">A frame's checksums hold around something that cannot be.</exception>
    /// <exception cref="StorageException">A read failed.</exception>
    public static SegmentScan Run(IStorageFile file, SegmentHeader header)
    {
        var scan = new SegmentScan(file, header);
        scan.Continue();
        return scan;
    }

    /// <summary>Goes on where the frames ended: another process may have written more since.</summary>
    /// <exception cref="WalCorruptException">A frame's checksums hold around something that cannot be.</exception>
    /// <exception cref="StorageException">A read failed.</exception>
    public void Continue()
    {
        if (SealOffset is not null)
        {
            return;
        }

        _reader.Forget();
        FrameStatus status;
        long start = _reader.Offset;
        while ((status = _reader.Read(_header.FileBytes)) == FrameStatus.Ok)
        {
            Add(_reader, start);
            start = _reader.Offset;
            if (SealOffset is not null)
            {
                break;
            }
        }

        if (status == FrameStatus.Odd)
        {
            throw new WalCorruptException(
                _file.Path, _reader.Offset, new Lsn(_reader.ExpectedLsn), "a frame of this log", _reader.Problem);
        }

        EndOffset = _reader.Offset;
        NextLsn = _reader.ExpectedLsn;
        Problem = _reader.Problem;
    }

    private void Add(FrameReader frame, long start)
    {
        EndsInClose = false;
        Promise = Math.Max(Promise, frame.Header.Promise ?? 0);
        switch (frame.Header.Kind)
        {
            case FrameKind.Marker:
                AddMarker(frame);
                break;
            case FrameKind.Seal:
                SealOffset = start;
                break;
            default:
                Records += frame.RecordCount;
                _unproven.Enqueue((frame.Offset, frame.ExpectedLsn - 1));
                BoundUnproven();
                break;
        }

        while (_unproven.TryPeek(out (long End, ulong LastLsn) oldest) && oldest.LastLsn <= Promise)
        {
            ProvenEnd = oldest.End;
            ProvenNextLsn = oldest.LastLsn + 1;
            _unproven.Dequeue();
        }
    }

    // A log that never syncs has no promises. Forgetting every other frame bounds the memory, and means at worst that a
    // frame more than needed is written again.
    private void BoundUnproven()
    {
        if (_unproven.Count > MostUnproven)
        {
            _unproven = new Queue<(long, ulong)>(_unproven.Where((_, i) => i % 2 == 0));
        }
    }

    private void AddMarker(FrameReader frame)
    {
        if (Marker.TryDecode(frame.Payload.Span, out Marker marker))
        {
            EndsInClose = marker.Reason == MarkerReason.Close;
            Floor = Math.Max(Floor, marker.Floor);
            Fence = Math.Max(Fence, marker.Fence);
            Generation = Math.Max(Generation, marker.Generation);
        }
    }
}
