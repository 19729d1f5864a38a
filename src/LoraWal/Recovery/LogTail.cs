using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>Where a log ends, looked at again and again without its lock, while another process may
/// write.</summary>
/// <remarks>
/// What is promised durable is learnt from the bytes alone: from the durable lag of a later frame, and from the header
/// of a segment, which promises all of its predecessor. A frame that is not valid is "not yet" until a promise covers
/// it. Used by one thread at a time.
/// </remarks>
// INVARIANT: nothing is called damaged on one look. A read is not made in one moment, so it may hold a later frame
// whose promise covers bytes that an earlier part of the same read was too early for. Those bytes are read again after
// the promise: whoever promised them had written them before.
internal sealed class LogTail : IDisposable
{
    private readonly IStorage _storage;
    private IStorageFile _file;
    private FoundSegment _newest;
    private SegmentScan _scan;
    private Predecessor? _unsealed;

    /// <summary>Begins with the newest segments of a chain that is not empty.</summary>
    /// <exception cref="StorageException">A call failed; not found: they have been truncated away
    /// meanwhile.</exception>
    public LogTail(IStorage storage, SegmentChain chain)
    {
        _storage = storage;
        _newest = chain.Run[^1];
        _file = storage.Open(SegmentName.Of(_newest.Id), writable: false);
        try
        {
            _scan = Begin();
            BeginEarlierIfUnproven(chain);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Id of the newest segment.</summary>
    public long SegmentId => _newest.Id;

    /// <summary>Where the frames end in the newest segment that are promised durable.</summary>
    public long DurableOffset => _scan.ProvenEnd;

    /// <summary>Last LSN that is promised durable.</summary>
    public ulong DurableLsn => Math.Max(_newest.Header.PreviousLastLsn, _scan.ProvenNextLsn - 1);

    /// <summary>Where the valid frames end in the newest segment.</summary>
    public long EndOffset => _scan.EndOffset;

    /// <summary>LSN of the record expected there.</summary>
    public ulong NextLsn => _scan.NextLsn;

    /// <summary>The newest floor named.</summary>
    public ulong Floor => Math.Max(_scan.Floor, _unsealed?.Scan.Floor ?? 0);

    /// <summary>The predecessor and where it ends, if a crash took its seal and no recovery has been here
    /// yet.</summary>
    public (long SegmentId, long Offset)? Unsealed =>
        _unsealed is { } previous ? (previous.Found.Id, previous.Scan.EndOffset) : null;

    /// <summary>Looks for what has been written since, and no further than to the first place without a valid
    /// frame.</summary>
    /// <exception cref="WalCorruptException">What was promised durable is damaged.</exception>
    /// <exception cref="StorageException">A call failed.</exception>
    public void Refresh()
    {
        try
        {
            Advance();
        }
        catch (WalCorruptException)
        {
            StartOver();
            Advance();
        }
    }

    /// <summary>As <see cref="Refresh"/>, from the start of the segment, and looks behind the first place without a
    /// valid frame: does anything there promise that one had been?</summary>
    /// <exception cref="WalCorruptException">What was promised durable is damaged.</exception>
    /// <exception cref="StorageException">A call failed.</exception>
    /// <exception cref="WalException">The file is no part of the log any more: that was cut, or begun anew.</exception>
    public void Check()
    {
        CheckName();
        while (true)
        {
            StartOver();
            Refresh();
            FoundSegment judged = _newest;
            long end = EndOffset;
            try
            {
                long tornEnd = _file.EndOfContent(end, judged.Header.FileBytes);
                LogRecovery.Decide(_storage, _file, judged, _scan, tornEnd, refusesTorn: false);
                return;
            }
            catch (WalCorruptException)
            {
                Refresh();
                if (judged.Id == _newest.Id && end == EndOffset)
                {
                    throw;
                }
            }
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _unsealed?.File.Dispose();
    }

    // An open file outlives its name: without this, a reader would wait for ever in a segment that was set aside.
    private void CheckName()
    {
        FoundSegment? found = null;
        if (TryOpen(_newest.Id) is { } opened)
        {
            opened.File.Dispose();
            found = opened.Found;
        }

        if (found != _newest && (found is not null || !HasNewer(LiveChain.Read(_storage))))
        {
            throw new WalException(
                $"The log in '{_storage.DirectoryPath}' was cut or begun anew while it was read: "
                + $"{SegmentName.Of(_newest.Id)} is gone or another file. Decide where to go on, and read again.");
        }
    }

    private bool HasNewer(SegmentChain chain) => chain.Run.Count > 0 && chain.Run[^1].Id > _newest.Id;

    // What is written but not promised may be taken back by a failing disk, and other frames come in its place: what
    // was known of the segment is then worth nothing.
    private void StartOver() => _scan = Begin();

    private SegmentScan Begin()
    {
        try
        {
            return SegmentScan.Run(_file, _newest.Header);
        }
        catch (WalCorruptException)
        {
            return SegmentScan.Run(_file, _newest.Header);
        }
    }

    private void Advance()
    {
        while (true)
        {
            _scan.Continue();
            if (TryOpen(_newest.Id + 1) is { } next)
            {
                // ORDER: only now, after the successor was seen: all that its header promises had been written by then.
                _scan.Continue();
                MoveTo(next.Found, next.File);
            }
            else if (_scan.SealOffset is { } seal)
            {
                JumpToNewest(seal);
            }
            else
            {
                CheckPredecessor();
                return;
            }
        }
    }

    private void MoveTo(FoundSegment found, IStorageFile file)
    {
        if (_scan.NextLsn != found.Header.PreviousLastLsn + 1 || found.Header.LogId != _newest.Header.LogId)
        {
            file.Dispose();
            throw new WalCorruptException(
                _file.Path,
                _scan.EndOffset,
                new Lsn(_scan.NextLsn),
                $"records up to LSN {found.Header.PreviousLastLsn}, which the next segment says were durable",
                found.Header.LogId != _newest.Header.LogId ? "a segment of another log"
                    : _scan.SealOffset is null ? _scan.Problem : "a seal");
        }

        CheckPredecessor();
        _unsealed?.File.Dispose();
        _unsealed = null;
        if (_scan.SealOffset is null)
        {
            _unsealed = new Predecessor(_newest, _file, _scan);
        }
        else
        {
            _file.Dispose();
        }

        _file = file;
        _newest = found;
        _scan = Begin();
    }

    /// <summary>The successor of a sealed segment is not there: truncated away with it meanwhile, or missing.</summary>
    private void JumpToNewest(long seal)
    {
        SegmentChain chain = LiveChain.Read(_storage);
        if (!HasNewer(chain))
        {
            throw new WalCorruptException(
                _storage.DirectoryPath,
                seal,
                new Lsn(_scan.NextLsn),
                $"segment {SegmentName.Of(_newest.Id + 1)}, whose predecessor is sealed",
                "no such file");
        }

        IStorageFile file = _storage.Open(SegmentName.Of(chain.Run[^1].Id), writable: false);
        Replace(chain.Run[^1], file);
        BeginEarlierIfUnproven(chain);
    }

    /// <summary>As long as nothing in the newest segment is promised, its predecessor need not have a seal: begin
    /// there.</summary>
    private void BeginEarlierIfUnproven(SegmentChain chain)
    {
        if (_scan.Promise < _newest.Header.BaseLsn && chain.Run.Count > 1)
        {
            FoundSegment previous = chain.Run[^2];
            Replace(previous, _storage.Open(SegmentName.Of(previous.Id), writable: false));
        }
    }

    private void Replace(FoundSegment found, IStorageFile file)
    {
        _file.Dispose();
        _unsealed?.File.Dispose();
        _unsealed = null;
        _file = file;
        _newest = found;
        _scan = Begin();
    }

    /// <summary>A predecessor without a seal is one that a rotation is about to seal, or that a crash took it from.
    /// Once something in its successor is promised, its seal had been synced.</summary>
    private void CheckPredecessor()
    {
        if (_unsealed is not { } previous)
        {
            return;
        }

        previous.Scan.Continue();
        if (previous.Scan.SealOffset is not null)
        {
            previous.File.Dispose();
            _unsealed = null;
        }
        else if (_scan.Promise >= _newest.Header.BaseLsn)
        {
            throw new WalCorruptException(
                previous.File.Path,
                previous.Scan.EndOffset,
                new Lsn(previous.Scan.NextLsn),
                "a seal",
                previous.Scan.Problem);
        }
    }

    private (FoundSegment Found, IStorageFile File)? TryOpen(long id)
    {
        IStorageFile file;
        try
        {
            file = _storage.Open(SegmentName.Of(id), writable: false);
        }
        catch (StorageException missing) when (missing.Error == StorageError.NotFound)
        {
            return null;
        }

        try
        {
            return (new FoundSegment(id, SegmentFiles.ReadHeader(file, id)), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private sealed record Predecessor(FoundSegment Found, IStorageFile File, SegmentScan Scan);
}
