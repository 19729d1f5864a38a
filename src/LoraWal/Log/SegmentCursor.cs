using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>Goes through the frames of the log from the start of a segment, over into the next ones.</summary>
internal sealed class SegmentCursor : IDisposable
{
    private readonly IStorage _storage;
    private readonly SegmentCatalog _catalog;
    private IStorageFile _file;
    private SegmentHeader _header;

    public SegmentCursor(IStorage storage, SegmentCatalog catalog, SegmentEntry first)
    {
        _storage = storage;
        _catalog = catalog;
        (_file, _header) = Open(first.Id, new Lsn(first.PreviousLastLsn));
        Frames = new FrameReader(_file, _header);
    }

    /// <summary>Holds the frame read last.</summary>
    public FrameReader Frames { get; private set; }

    /// <summary>When the segment was created, in Unix milliseconds: frames count from it.</summary>
    public long Created => _header.Created;

    /// <summary>LSN of the next record.</summary>
    public ulong NextLsn => Frames.ExpectedLsn;

    /// <summary>Reads the next frame below an edge.</summary>
    /// <returns>False at the edge.</returns>
    /// <exception cref="WalCorruptException">There is no valid frame below the edge.</exception>
    /// <exception cref="WalTruncatedException">The segment has been truncated away meanwhile.</exception>
    public bool MoveNext(LogPosition edge)
    {
        while (true)
        {
            bool isBehind = _header.SegmentId < edge.SegmentId;
            if (_header.SegmentId > edge.SegmentId || (!isBehind && Frames.Offset >= edge.Offset))
            {
                return false;
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

            NextSegment();
        }
    }

    public void Dispose() => _file.Dispose();

    private void NextSegment()
    {
        long end = _file.EndOfContent(Frames.Offset, _header.FileBytes);
        if (end > Frames.Offset)
        {
            throw new WalCorruptException(
                _file.Path, Frames.Offset, new Lsn(NextLsn), "zeros behind the seal", $"bytes up to offset {end}");
        }

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
        Frames = new FrameReader(file, header);
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
            SegmentCatalog.Summary now = _catalog.Now;
            throw id < now.OldestId
                ? new WalTruncatedException(after, new Lsn(Math.Max(now.OldestLsn, after.Value + 1)))
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
