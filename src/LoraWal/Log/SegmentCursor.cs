using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>Goes through the frames of the log from the start of a segment, over into the next ones.</summary>
/// <remarks>The delegate gives id and first LSN of the oldest segment there is now.</remarks>
internal sealed class SegmentCursor : IDisposable
{
    private readonly IStorage _storage;
    private readonly Func<(long Id, ulong Lsn)> _oldest;
    private readonly ReadBuffer _buffer;
    private IStorageFile _file;
    private SegmentHeader _header;

    public SegmentCursor(IStorage storage, Func<(long Id, ulong Lsn)> oldest, SegmentEntry first, ReadBuffer buffer)
    {
        _storage = storage;
        _oldest = oldest;
        _buffer = buffer;
        (_file, _header) = Open(first.Id, new Lsn(first.PreviousLastLsn));
        Frames = new FrameReader(_file, _header, buffer);
    }

    /// <summary>Holds the frame read last.</summary>
    public FrameReader Frames { get; private set; }

    /// <summary>The segment that it is in.</summary>
    public long SegmentId => _header.SegmentId;

    /// <summary>When the segment was created, in Unix milliseconds: frames count from it.</summary>
    public long Created => _header.Created;

    /// <summary>LSN of the next record.</summary>
    public ulong NextLsn => Frames.ExpectedLsn;

    /// <summary>Reads the next frame below an edge.</summary>
    /// <param name="edge">Frames before it are read.</param>
    /// <param name="unsealed">Where a segment ends that has a successor and lacks its seal: a crash took it, and no
    /// recovery has been here yet. Null: every segment with a successor has one.</param>
    /// <returns>False at the edge.</returns>
    /// <exception cref="WalCorruptException">There is no valid frame below the edge.</exception>
    /// <exception cref="WalTruncatedException">The segment has been truncated away meanwhile.</exception>
    public bool MoveNext(LogPosition edge, LogPosition? unsealed = null)
    {
        while (true)
        {
            bool isBehind = _header.SegmentId < edge.SegmentId;
            if (_header.SegmentId > edge.SegmentId || (!isBehind && Frames.Offset >= edge.Offset))
            {
                return false;
            }

            if (isBehind && unsealed is { } end
                && end.SegmentId == _header.SegmentId && Frames.Offset >= end.Offset)
            {
                NextSegment();
                continue;
            }

            if (Frames.Read(isBehind ? _header.FileBytes : edge.Offset) != FrameStatus.Ok)
            {
                throw new WalCorruptException(
                    _file.Path, Frames.Offset, new Lsn(Frames.ExpectedLsn), "a frame that was written", Frames.Problem);
            }

            if (Frames.Header.Kind != FrameKind.Seal)
            {
                return true;
            }

            CheckZerosBehindSeal();
            NextSegment();
        }
    }

    public void Dispose() => _file.Dispose();

    private void CheckZerosBehindSeal()
    {
        long end = _file.EndOfContent(Frames.Offset, _header.FileBytes);
        if (end > Frames.Offset)
        {
            throw new WalCorruptException(
                _file.Path, Frames.Offset, new Lsn(NextLsn), "zeros behind the seal", $"bytes up to offset {end}");
        }
    }

    private void NextSegment()
    {
        ulong last = NextLsn - 1;
        (IStorageFile file, SegmentHeader header) = Open(_header.SegmentId + 1, new Lsn(last));
        if (header.PreviousLastLsn != last || header.LogId != _header.LogId)
        {
            file.Dispose();
            throw new WalCorruptException(
                file.Path, 0, new Lsn(NextLsn), $"the segment that follows LSN {last}", "another one");
        }

        _file.Dispose();
        (_file, _header) = (file, header);
        Frames = new FrameReader(file, header, _buffer);
    }

    private (IStorageFile File, SegmentHeader Header) Open(long id, Lsn after)
    {
        IStorageFile file;
        try
        {
            file = _storage.Open(SegmentName.Of(id), writable: false);
        }
        catch (StorageException missing) when (missing.Error == StorageError.NotFound)
        {
            (long oldestId, ulong oldestLsn) = _oldest();
            throw id < oldestId
                ? new WalTruncatedException(after, new Lsn(Math.Max(oldestLsn, after.Value + 1)))
                : new WalCorruptException(
                    Path.Combine(_storage.DirectoryPath, SegmentName.Of(id)),
                    0,
                    new Lsn(after.Value + 1),
                    "a segment of the log",
                    "no such file");
        }

        try
        {
            return (file, SegmentFiles.ReadHeader(file, id));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
