using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>What the appender asks of the log that owns it, in the middle of a write.</summary>
internal interface IAppenderHost
{
    /// <summary>Highest LSN that a sync which has returned success covers.</summary>
    ulong DurableLsn { get; }

    /// <summary>The first fault; null while the latch is open.</summary>
    WalFault? Fault { get; }

    /// <summary>Bytes of all segments.</summary>
    long LogBytes { get; }

    /// <summary>Publishes what has been written so far, and syncs it through the gate.</summary>
    /// <exception cref="PoisonedDuringWriteException">The latch has closed.</exception>
    void SyncBeforeRotation(LogPosition written);

    /// <summary>Makes a new segment the active one. The old one, sealed, is synced by the next sync before the new
    /// one, and closed.</summary>
    void OnRotated(SegmentWriter sealedSegment, SegmentWriter active, SegmentEntry entry);
}

/// <summary>The latch closed while a write was under way: stop at once.</summary>
internal sealed class PoisonedDuringWriteException : Exception;

/// <summary>Writes frames to the active segment, and rotates. Used by whoever has the write role, one at a
/// time.</summary>
internal sealed class SegmentAppender
{
    private readonly IAppenderHost _host;
    private readonly SegmentFiles _files;
    private readonly SegmentSupply _supply;
    private readonly LogSettings _settings;
    private readonly TimeProvider _time;
    private readonly Action<Memory<byte>> _fillRandom;
    private readonly uint _generation;
    private SegmentWriter _active;
    private (ulong Fence, ulong Floor) _known;
    private ulong _fence;

    public SegmentAppender(IAppenderHost host, SegmentMaker maker, LogEnvironment environment, SegmentWriter active)
    {
        _host = host;
        _files = maker.Files;
        _supply = maker.Supply;
        _settings = environment.Settings;
        _time = environment.Time;
        _fillRandom = environment.FillRandom;
        _generation = environment.Generation;
        _active = active;
    }

    /// <summary>The newest checkpoint fence and floor: every marker and header carries them.</summary>
    public (ulong Fence, ulong Floor) Known
    {
        get => _known;
        set
        {
            _known = value;
            Volatile.Write(ref _fence, value.Fence);
        }
    }

    /// <summary>The newest checkpoint fence; may be read by anyone.</summary>
    public ulong Fence => Volatile.Read(ref _fence);

    /// <summary>Last LSN of the last frame that was handed to a write, whether or not that succeeded.</summary>
    public ulong HandedLsn { get; private set; }

    /// <summary>Where the next frame goes.</summary>
    public LogPosition Position => new(_active.Header.SegmentId, _active.Offset, _active.NextLsn - 1);

    /// <summary>Whether a promise of this LSN can be read in the active segment.</summary>
    public bool HasPromised(ulong lsn) => lsn <= Math.Max(_active.Promised, _active.Header.PreviousLastLsn);

    /// <summary>Writes all frames of a buffer, rotating as needed.</summary>
    /// <param name="buffer">The frames.</param>
    /// <param name="isRetry">Whether the log is full: ask for free space before trying.</param>
    /// <exception cref="WalFullException">No space for the next segment. Frames up to <see cref="Position"/> are
    /// written, the rest are not.</exception>
    /// <exception cref="PoisonedDuringWriteException">The latch has closed.</exception>
    /// <exception cref="IOException">A write failed, or a rotation after its rename: the log is in doubt.</exception>
    public void Write(PendingBuffer buffer, bool isRetry)
    {
        DateTimeOffset now = _time.GetUtcNow();
        for (int i = 0; i < buffer.FrameCount; i++)
        {
            PendingFrame frame = buffer.Frame(i);
            Span<byte> image = PendingBuffer.Image(frame, out FrameKind kind, out ushort type, out int payloadBytes);
            if (!_active.HasRoom(image.Length) || frame.FirstLsn != _active.NextLsn || !_active.CanTell(now))
            {
                Rotate(frame.FirstLsn, image.Length, now, isRetry);
            }

            if (_host.Fault is not null)
            {
                throw new PoisonedDuringWriteException();
            }

            HandedLsn = frame.LastLsn;
            _active.WriteRecords(image, kind, type, payloadBytes, frame.RecordCount, Stamp(now));
        }

        if (_active.Offset > _active.Header.FileBytes / 4 && !WouldExceedLimit(_settings.SegmentBytes))
        {
            _supply.PrepareSoon();
        }
    }

    /// <summary>Writes a marker, rotating if it must be written and has no room.</summary>
    /// <returns>Whether it was written.</returns>
    /// <exception cref="WalFullException">It needs a segment, and there is no space for one.</exception>
    /// <exception cref="IOException">As for <see cref="Write"/>.</exception>
    public bool WriteMarker(MarkerReason reason, bool isRequired)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (!_active.HasRoom(reason))
        {
            if (!isRequired)
            {
                return false;
            }

            Rotate(_active.NextLsn, FrameHeader.SizeOf(Marker.Bytes), now, isRetry: true);
        }

        (ulong fence, ulong floor) = Known;
        _active.WriteMarker(new Marker(reason, _generation, fence, floor), Stamp(now));
        return true;
    }

    // ORDER: a crash may fall between any two of these. No promise ever rests on a name that was not synced.
    //   1. sync the old segment                    everything before the new one is durable, and its header says so
    //   2. header into the new file, synced, renamed, directory synced
    //   3. seal the old one                        only now: a seal without a successor means that one was lost
    //   4. first frame in the new one              the seal is synced by the first sync of the new one, before it
    private void Rotate(ulong baseLsn, long frameBytes, DateTimeOffset now, bool isRetry)
    {
        _host.SyncBeforeRotation(Position);
        if (!_files.Storage.StillOwnsDirectory())
        {
            throw new WalException(
                $"the directory '{_files.Storage.DirectoryPath}' is no longer the one that was opened: it was moved or "
                + "replaced.");
        }

        SegmentWriter old = _active;
        long bytes = Math.Max(_settings.SegmentBytes, SegmentLayout.SizeForFrame(frameBytes));
        (IStorageFile file, string name, SegmentHeader header) = MakeNext(baseLsn, bytes, now, isRetry);
        try
        {
            // From the rename on, a failure leaves in doubt which files there are: the log is poisoned.
            _files.Publish(file, name, header.SegmentId);
            old.WriteSeal(Stamp(now));
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _active = new SegmentWriter(file, header, SegmentLayout.HeaderBlockBytes, baseLsn);
        _host.OnRotated(old, _active, new SegmentEntry(header));
    }

    /// <summary>Makes the next segment, short of its name. Until then a failure harms nothing.</summary>
    private (IStorageFile File, string Name, SegmentHeader Header) MakeNext(
        ulong baseLsn, long bytes, DateTimeOffset now, bool isRetry)
    {
        if (WouldExceedLimit(bytes))
        {
            throw new WalFullException(
                $"The log is full: another segment of {bytes} bytes would take it over MaxLogBytes "
                + $"({_settings.MaxLogBytes}). Truncate it, or raise the limit.");
        }

        if (isRetry && !_supply.HasReady(bytes) && _files.Storage.FreeBytes() is { } free && free < bytes)
        {
            throw Full(bytes, $"{free} bytes are free", null);
        }

        try
        {
            (IStorageFile file, string name) = _supply.Take(bytes);
            SegmentHeader header = NextHeader(baseLsn, bytes, now);
            try
            {
                SegmentFiles.WriteHeader(file, header);
                return (file, name, header);
            }
            catch
            {
                _files.Discard(file, name);
                throw;
            }
        }
        catch (StorageException failure) when (failure.IsShortage)
        {
            throw Full(bytes, failure.Message, failure);
        }
    }

    private SegmentHeader NextHeader(ulong baseLsn, long bytes, DateTimeOffset now)
    {
        byte[] salt = new byte[sizeof(uint)];
        _fillRandom(salt);
        (ulong fence, ulong floor) = Known;
        return new SegmentHeader
        {
            Generation = _generation,
            LogId = _active.Header.LogId,
            SegmentId = _active.Header.SegmentId + 1,
            PreviousLastLsn = _active.NextLsn - 1,
            BaseLsn = baseLsn,
            Floor = floor,
            Fence = fence,
            Created = now.ToUnixTimeMilliseconds(),
            Salt = BitConverter.ToUInt32(salt),
            FileBytes = bytes,
        };
    }

    private bool WouldExceedLimit(long bytes) =>
        _settings.MaxLogBytes > 0 && _host.LogBytes + bytes > _settings.MaxLogBytes;

    private WalFullException Full(long bytes, string why, Exception? cause) => new(
        $"The log is full: no space for the next segment of {bytes} bytes in '{_files.Storage.DirectoryPath}': {why}. "
        + "Free space or truncate; the log heals by itself.",
        cause);

    private FrameStamp Stamp(DateTimeOffset now) => new(_host.DurableLsn, now);
}
