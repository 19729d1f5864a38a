using LoraWal.Records;

namespace LoraWal.Log;

/// <summary>Records that wait to be written, laid out as the frames they will be, with room for the headers.</summary>
/// <remarks>
/// Frames are cut while the buffer is filled, at transaction boundaries, so that the leader only finishes headers and
/// checksums over the log's own copy. One of the log's two buffers is filled under the lock while the other is written.
/// </remarks>
//
//   0                                                      one array a frame
//   |
//   +--------------+-------+---------+-----+---------+-----+
//   | frame header | count | entry 1 | ... | entry n | pad |        a batch
//   +--------------+-------+---------+-----+---------+-----+
//   |   unused (16)     | frame header | payload     | pad |        a lone record: its header comes later
//   +-------------------+--------------+-------------+-----+
//
// WHY NOT one array for all frames: a backlog would make it grow, and copy megabytes under the lock.
internal sealed class PendingBuffer
{
    private const int Alignment = 8;
    private const int HeadBytes = FrameHeader.Bytes + BatchHeader.Bytes;
    private const int LoneShift = BatchHeader.Bytes + BatchEntry.HeaderBytes;
    private const int InitialBytes = 4 * 1024;
    private const int KeptBytes = 8 * 1024 * 1024;
    private const int KeptFrames = 8; // of 1 MiB: as much

    private readonly int _frameTargetBytes;
    private readonly Stack<byte[]> _spares = new();
    private PendingFrame[] _frames = new PendingFrame[4];
    private byte[] _bytes = []; // of the last frame
    private long _bytesBefore; // used by the frames before it
    private int _end; // in it
    private int _roomEnd; // in it: up to here entries may be added without a look at anything else
    private int _shortEnd; // the same, for the short way
    private int _mostFrames = KeptFrames;

    /// <param name="frameTargetBytes">A frame ends at the last transaction boundary before this.</param>
    public PendingBuffer(int frameTargetBytes) => _frameTargetBytes = frameTargetBytes;

    /// <summary>Bytes in use.</summary>
    public long UsedBytes => _bytesBefore + _end;

    /// <summary>Number of frames.</summary>
    public int FrameCount { get; private set; }

    /// <summary>LSN of the last record.</summary>
    public ulong LastLsn { get; private set; }

    /// <summary>Number of records.</summary>
    public int RecordCount => IsEmpty ? 0 : (int)(LastLsn - _frames[0].FirstLsn + 1);

    /// <summary>First and last LSN of records that no one waits for; 0 if there are none.</summary>
    public ulong FirstBufferedLsn { get; private set; }

    /// <inheritdoc cref="FirstBufferedLsn"/>
    public ulong LastBufferedLsn { get; private set; }

    public bool IsEmpty => FrameCount == 0;

    /// <summary>Most bytes that a transaction with this many can take here.</summary>
    public static long MostBytes(long bytes) => HeadBytes + BatchEntry.HeaderBytes + bytes + (2 * Alignment);

    /// <summary>Adds one record as a transaction.</summary>
    public void AddRecord(ulong lsn, ReadOnlySpan<byte> payload, ushort recordType)
    {
        Span<byte> target = Reserve(lsn, BatchEntry.HeaderBytes + payload.Length, 1);
        new BatchEntry(payload.Length, recordType, IsLastOfTransaction: true).Write(target);
        payload.CopyTo(target[BatchEntry.HeaderBytes..]);
    }

    /// <summary>Adds a record that no one waits for the short way: when <see cref="AllowShortWay"/> has been called
    /// since the last change of anything that an append has to look at, and the last frame has room.</summary>
    public bool TryAddShortWay(ulong lsn, ReadOnlySpan<byte> payload, ushort recordType)
    {
        if (payload.Length > _shortEnd - _end - BatchEntry.HeaderBytes)
        {
            return false;
        }

        AddRecord(lsn, payload, recordType);
        LastBufferedLsn = lsn;
        return true;
    }

    /// <summary>Adds the entries of a batch as one transaction.</summary>
    /// <param name="firstLsn">LSN of the first record.</param>
    /// <param name="entries">The entries, the last one marked as the last of its transaction.</param>
    /// <param name="count">Number of records.</param>
    public void AddEntries(ulong firstLsn, ReadOnlySpan<byte> entries, int count) =>
        entries.CopyTo(Reserve(firstLsn, entries.Length, count));

    /// <summary>Notes that no one waits for the records just added.</summary>
    public void NoteBuffered(ulong firstLsn, ulong lastLsn)
    {
        FirstBufferedLsn = FirstBufferedLsn == 0 ? firstLsn : FirstBufferedLsn;
        LastBufferedLsn = lastLsn;
    }

    /// <summary>Opens the short way for what follows a record that no one waits for, up to the end of its frame.
    /// </summary>
    /// <param name="mostBytes">Most bytes that may be in use.</param>
    public void AllowShortWay(long mostBytes) =>
        _shortEnd = (int)Math.Clamp(mostBytes - _bytesBefore - HeadBytes - (2 * Alignment), 0, _roomEnd);

    /// <summary>Closes the short way: something has changed that an append has to look at.</summary>
    public void CloseShortWay() => _shortEnd = 0;

    /// <summary>A frame, ready but for its header's checksums.</summary>
    public PendingFrame Frame(int index) => index == FrameCount - 1
        ? new PendingFrame(
            _bytes, _end - HeadBytes, _frames[index].FirstLsn, (int)(LastLsn - _frames[index].FirstLsn + 1))
        : _frames[index];

    /// <summary>The bytes of a frame, from header through padding; batch counts and padding filled in.</summary>
    public static Span<byte> Image(
        in PendingFrame frame, out FrameKind kind, out ushort recordType, out int payloadBytes)
    {
        int end = HeadBytes + frame.EntryBytes;
        int padded = (end + Alignment - 1) & ~(Alignment - 1);
        frame.Bytes.AsSpan(end, padded - end).Clear();
        if (frame.RecordCount == 1)
        {
            kind = FrameKind.Record;
            recordType = BatchEntry.Read(frame.Bytes.AsSpan(HeadBytes)).RecordType;
            payloadBytes = frame.EntryBytes - BatchEntry.HeaderBytes;
            return frame.Bytes.AsSpan(LoneShift, padded - LoneShift);
        }

        kind = FrameKind.Batch;
        recordType = 0;
        payloadBytes = BatchHeader.Bytes + frame.EntryBytes;
        BatchHeader.Encode(frame.Bytes.AsSpan(FrameHeader.Bytes), frame.RecordCount);
        return frame.Bytes.AsSpan(0, padded);
    }

    /// <summary>Forgets all frames. The memory of a burst is given back with the writes that follow it.</summary>
    public void Clear()
    {
        // Most of the time there is one frame, and its array stays where it is.
        if (FrameCount > 1 || _spares.Count > 0 || _bytes.Length > KeptBytes)
        {
            KeepSpares();
        }

        FrameCount = 0;
        _bytesBefore = 0;
        _end = 0;
        _roomEnd = 0;
        _shortEnd = 0;
        FirstBufferedLsn = 0;
        LastBufferedLsn = 0;
    }

    private void KeepSpares()
    {
        if (!IsEmpty)
        {
            _mostFrames = Math.Max(Math.Max(FrameCount, _mostFrames - 1), KeptFrames);
            Keep(_bytes, _end);
            for (int i = FrameCount - 2; i >= 0; i--)
            {
                Keep(_frames[i].Bytes, HeadBytes + _frames[i].EntryBytes);
            }

            while (_spares.Count > _mostFrames)
            {
                _spares.Pop();
            }
        }

        Array.Clear(_frames, 0, FrameCount);
        _bytes = [];
    }

    private Span<byte> Reserve(ulong lsn, int entryBytes, int count)
    {
        if (entryBytes > _roomEnd - _end)
        {
            MakeRoom(lsn, entryBytes);
        }

        Span<byte> target = _bytes.AsSpan(_end, entryBytes);
        _end += entryBytes;
        LastLsn = lsn + (ulong)count - 1;
        return target;
    }

    private void MakeRoom(ulong lsn, int entryBytes)
    {
        if (FrameCount == 0 || _end + (long)entryBytes > _frameTargetBytes)
        {
            BeginFrame(lsn);
        }

        long needed = (long)_end + entryBytes + Alignment;
        if (needed > _bytes.Length)
        {
            long twice = Math.Min(_bytes.Length * 2L, _frameTargetBytes + Alignment);
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(needed, twice), Array.MaxLength));
        }

        // At least what is needed now: a transaction larger than the target has a frame of its own.
        _roomEnd = Math.Max(Math.Min(_bytes.Length - Alignment, _frameTargetBytes), _end + entryBytes);
    }

    private void BeginFrame(ulong lsn)
    {
        if (FrameCount > 0)
        {
            _frames[FrameCount - 1] = Frame(FrameCount - 1);
            _bytesBefore += _end;
        }

        if (FrameCount == _frames.Length)
        {
            Array.Resize(ref _frames, _frames.Length * 2);
        }

        // The second frame of a buffer is part of a burst: it will need all of its room.
        if (FrameCount > 0 || _bytes.Length == 0)
        {
            _bytes = _spares.TryPop(out byte[]? spare)
                ? spare
                : GC.AllocateUninitializedArray<byte>(FrameCount == 0 ? InitialBytes : _frameTargetBytes + Alignment);
        }

        _frames[FrameCount++] = new PendingFrame(_bytes, 0, lsn, 0);
        _end = HeadBytes;
        _roomEnd = 0;
        _shortEnd = 0;
    }

    private void Keep(byte[] bytes, int usedBytes)
    {
        if (bytes.Length <= KeptBytes || usedBytes >= bytes.Length / 4)
        {
            _spares.Push(bytes);
        }
    }
}

/// <summary>One frame of a <see cref="PendingBuffer"/>.</summary>
/// <param name="Bytes">Its bytes, with room for the larger of the two headers.</param>
/// <param name="EntryBytes">Bytes of its entries.</param>
/// <param name="FirstLsn">LSN of its first record.</param>
/// <param name="RecordCount">Number of its records.</param>
internal readonly record struct PendingFrame(byte[] Bytes, int EntryBytes, ulong FirstLsn, int RecordCount)
{
    public ulong LastLsn => FirstLsn + (ulong)RecordCount - 1;
}
