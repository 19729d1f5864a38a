using LoraWal.Records;

namespace LoraWal.Log;

/// <summary>Records that wait to be written, laid out as the frames they will be, with room for the headers.</summary>
/// <remarks>
/// Frames are cut while the buffer is filled, at transaction boundaries, so that the leader only finishes headers and
/// checksums over the log's own copy. One of the log's two buffers is filled under the lock while the other is written.
/// </remarks>
//
//   frame.Start                                            a multiple of 8
//   |
//   +--------------+-------+---------+-----+---------+-----+
//   | frame header | count | entry 1 | ... | entry n | pad |        a batch
//   +--------------+-------+---------+-----+---------+-----+
//   |   unused (16)     | frame header | payload     | pad |        a lone record: its header comes later
//   +-------------------+--------------+-------------+-----+
internal sealed class PendingBuffer
{
    private const int Alignment = 8;
    private const int HeadBytes = FrameHeader.Bytes + BatchHeader.Bytes;
    private const int LoneShift = BatchHeader.Bytes + BatchEntry.HeaderBytes;
    private const int InitialBytes = 4 * 1024;
    private const int KeptBytes = 8 * 1024 * 1024;

    private readonly int _frameTargetBytes;
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(InitialBytes);
    private PendingFrame[] _frames = new PendingFrame[4];

    /// <param name="frameTargetBytes">A frame ends at the last transaction boundary before this.</param>
    public PendingBuffer(int frameTargetBytes) => _frameTargetBytes = frameTargetBytes;

    /// <summary>Bytes in use.</summary>
    public int UsedBytes { get; private set; }

    /// <summary>Number of frames.</summary>
    public int FrameCount { get; private set; }

    /// <summary>LSN of the last record.</summary>
    public ulong LastLsn { get; private set; }

    /// <summary>Number of records.</summary>
    public int RecordCount { get; private set; }

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

    /// <summary>A frame, ready but for its header's checksums.</summary>
    public PendingFrame Frame(int index) => _frames[index];

    /// <summary>The bytes of a frame, from header through padding; batch counts and padding filled in.</summary>
    public Span<byte> Image(in PendingFrame frame, out FrameKind kind, out ushort recordType, out int payloadBytes)
    {
        int end = frame.Start + HeadBytes + frame.EntryBytes;
        int padded = (end + Alignment - 1) & ~(Alignment - 1);
        _bytes.AsSpan(end, padded - end).Clear();
        if (frame.RecordCount == 1)
        {
            kind = FrameKind.Record;
            recordType = BatchEntry.Read(_bytes.AsSpan(frame.Start + HeadBytes)).RecordType;
            payloadBytes = frame.EntryBytes - BatchEntry.HeaderBytes;
            return _bytes.AsSpan(frame.Start + LoneShift, padded - frame.Start - LoneShift);
        }

        kind = FrameKind.Batch;
        recordType = 0;
        payloadBytes = BatchHeader.Bytes + frame.EntryBytes;
        BatchHeader.Encode(_bytes.AsSpan(frame.Start + FrameHeader.Bytes), frame.RecordCount);
        return _bytes.AsSpan(frame.Start, padded - frame.Start);
    }

    /// <summary>Forgets all frames. A buffer that a burst has made large gives its memory back.</summary>
    public void Clear()
    {
        if (_bytes.Length > KeptBytes && UsedBytes < _bytes.Length / 4)
        {
            _bytes = new byte[InitialBytes];
        }

        UsedBytes = 0;
        FrameCount = 0;
        RecordCount = 0;
        FirstBufferedLsn = 0;
        LastBufferedLsn = 0;
    }

    private Span<byte> Reserve(ulong lsn, int entryBytes, int count)
    {
        if (FrameCount == 0 || !FitsLastFrame(entryBytes))
        {
            BeginFrame(lsn);
        }

        Grow(UsedBytes + entryBytes + Alignment);
        ref PendingFrame frame = ref _frames[FrameCount - 1];
        frame = frame with { EntryBytes = frame.EntryBytes + entryBytes, RecordCount = frame.RecordCount + count };
        Span<byte> target = _bytes.AsSpan(UsedBytes, entryBytes);
        UsedBytes += entryBytes;
        RecordCount += count;
        LastLsn = lsn + (ulong)count - 1;
        return target;
    }

    private bool FitsLastFrame(int entryBytes) =>
        HeadBytes + _frames[FrameCount - 1].EntryBytes + (long)entryBytes <= _frameTargetBytes;

    private void BeginFrame(ulong lsn)
    {
        int start = (UsedBytes + Alignment - 1) & ~(Alignment - 1);
        Grow(start + HeadBytes);
        if (FrameCount == _frames.Length)
        {
            Array.Resize(ref _frames, _frames.Length * 2);
        }

        _frames[FrameCount++] = new PendingFrame(start, 0, lsn, 0);
        UsedBytes = start + HeadBytes;
    }

    private void Grow(int bytes)
    {
        if (bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max((long)bytes, _bytes.Length * 2L), Array.MaxLength));
        }
    }
}

/// <summary>One frame of a <see cref="PendingBuffer"/>.</summary>
/// <param name="Start">Where it begins in the buffer, with room for the larger of the two headers.</param>
/// <param name="EntryBytes">Bytes of its entries.</param>
/// <param name="FirstLsn">LSN of its first record.</param>
/// <param name="RecordCount">Number of its records.</param>
internal readonly record struct PendingFrame(int Start, int EntryBytes, ulong FirstLsn, int RecordCount)
{
    public ulong LastLsn => FirstLsn + (ulong)RecordCount - 1;
}
