using System.Buffers;
using LoraWal.Records;

namespace LoraWal;

/// <summary>Collects the records of one transaction; append them all with <see cref="IWal.CommitAsync"/>.</summary>
/// <remarks>
/// The buffer is pooled and keeps its size over <see cref="Clear"/>, so that a batch that is used again allocates
/// nothing. A batch that is cleared or disposed of instead of committed leaves no trace in the log.
/// </remarks>
/// <threadsafety>One thread at a time; not while a commit of it is under way.</threadsafety>
public sealed class WalBatch : IDisposable
{
    /// <summary>Most records in one transaction: 2^20.</summary>
    public const int MaxRecords = 1 << 20;

    private const int InitialBytes = 4096;

    private readonly PayloadWriter _writer;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _used;
    private int _openEntry = -1;
    private int _lastEntry = -1;
    private ushort _openType;
    private long _payloadBytes;
    private int _count;

    /// <summary>Creates an empty batch.</summary>
    public WalBatch() => _writer = new PayloadWriter(this);

    /// <summary>Number of records.</summary>
    public int Count => _count + (_openEntry >= 0 ? 1 : 0);

    /// <summary>Sum of the records' payload bytes.</summary>
    public long PayloadBytes =>
        _payloadBytes + (_openEntry >= 0 ? _used - _openEntry - BatchEntry.HeaderBytes : 0);

    /// <summary>Adds a record.</summary>
    /// <param name="payload">The bytes to log; copied. May be empty.</param>
    /// <param name="recordType">The application's own number for the kind of record.</param>
    /// <exception cref="InvalidOperationException">The batch holds <see cref="MaxRecords"/> records.</exception>
    /// <exception cref="ObjectDisposedException">The batch is disposed of.</exception>
    public void Add(ReadOnlySpan<byte> payload, ushort recordType = 0)
    {
        BeginEntry(recordType);
        payload.CopyTo(GetSpan(payload.Length));
        _used += payload.Length;
        EndEntry();
    }

    /// <summary>Adds a record that is written piece by piece. It ends with the next call to this batch.</summary>
    /// <param name="recordType">The application's own number for the kind of record.</param>
    /// <returns>Takes the payload, until the next <see cref="Add"/>, <see cref="GetWriter"/>, <see cref="Clear"/> or
    /// commit.</returns>
    /// <exception cref="InvalidOperationException">The batch holds <see cref="MaxRecords"/> records.</exception>
    /// <exception cref="ObjectDisposedException">The batch is disposed of.</exception>
    public IBufferWriter<byte> GetWriter(ushort recordType = 0)
    {
        BeginEntry(recordType);
        return _writer;
    }

    /// <summary>Forgets all records; the buffer is kept.</summary>
    public void Clear()
    {
        _used = 0;
        _openEntry = -1;
        _lastEntry = -1;
        _payloadBytes = 0;
        _count = 0;
    }

    /// <summary>Returns the buffer to the pool. A batch that was not committed leaves no trace.</summary>
    public void Dispose()
    {
        byte[]? buffer = _buffer;
        _buffer = null;
        Clear();
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Forgets the record that <see cref="GetWriter"/> began and nothing has ended yet.</summary>
    internal void DropOpenEntry()
    {
        if (_openEntry >= 0)
        {
            _used = _openEntry;
            _openEntry = -1;
        }
    }

    /// <summary>The entries of all records, as they lie in a batch frame, the last one marked as the last of its
    /// transaction.</summary>
    internal ReadOnlyMemory<byte> SealEntries()
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        EndEntry();
        if (_lastEntry >= 0)
        {
            BatchEntry.MarkLast(_buffer.AsSpan(_lastEntry), isLast: true);
        }

        return _buffer.AsMemory(0, _used);
    }

    private void BeginEntry(ushort recordType)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        EndEntry();
        if (_count >= MaxRecords)
        {
            throw new InvalidOperationException($"A transaction holds at most {MaxRecords} records.");
        }

        if (_lastEntry >= 0)
        {
            BatchEntry.MarkLast(_buffer.AsSpan(_lastEntry), isLast: false); // it may have been committed as the last
        }

        Reserve(BatchEntry.HeaderBytes);
        _openEntry = _used;
        _openType = recordType;
        _used += BatchEntry.HeaderBytes;
    }

    private void EndEntry()
    {
        if (_openEntry < 0)
        {
            return;
        }

        int payloadBytes = _used - _openEntry - BatchEntry.HeaderBytes;
        new BatchEntry(payloadBytes, _openType, IsLastOfTransaction: false).Write(_buffer.AsSpan(_openEntry));
        _payloadBytes += payloadBytes;
        _count++;
        _lastEntry = _openEntry;
        _openEntry = -1;
    }

    private Span<byte> GetSpan(int sizeHint)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_used);
    }

    private void Reserve(int bytes)
    {
        byte[] buffer = _buffer!;
        if (buffer.Length - _used >= bytes)
        {
            return;
        }

        long size = Math.Max((long)_used + bytes, Math.Min(buffer.Length * 2L, Array.MaxLength));
        if (size > Array.MaxLength)
        {
            throw new InvalidOperationException("A transaction's records must fit in one array.");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent((int)size);
        buffer.AsSpan(0, _used).CopyTo(larger);
        _buffer = larger;
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private sealed class PayloadWriter(WalBatch batch) : IBufferWriter<byte>
    {
        public void Advance(int count)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count);
            if (batch._openEntry < 0 || count > batch._buffer!.Length - batch._used)
            {
                throw new InvalidOperationException(
                    "Advance needs a record begun by GetWriter, and a span of that size.");
            }

            batch._used += count;
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Prepare(sizeHint);
            return batch._buffer.AsMemory(batch._used);
        }

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            Prepare(sizeHint);
            return batch._buffer.AsSpan(batch._used);
        }

        private void Prepare(int sizeHint)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
            if (batch._openEntry < 0)
            {
                throw new InvalidOperationException("The record of this writer has ended: call GetWriter again.");
            }

            batch.Reserve(Math.Max(sizeHint, 1));
        }
    }
}
