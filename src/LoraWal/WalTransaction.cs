using System.Collections;
using System.Diagnostics.CodeAnalysis;
using LoraWal.Records;

namespace LoraWal;

/// <summary>One record read from a log.</summary>
public readonly struct WalRecord
{
    internal WalRecord(Lsn lsn, ushort recordType, ReadOnlyMemory<byte> payload)
    {
        Lsn = lsn;
        RecordType = recordType;
        Payload = payload;
    }

    /// <summary>The record's position.</summary>
    public Lsn Lsn { get; }

    /// <summary>The application's own number for the kind of record.</summary>
    public ushort RecordType { get; }

    /// <summary>The application's bytes. The log never touches them again: they are safe to keep.</summary>
    public ReadOnlyMemory<byte> Payload { get; }
}

/// <summary>The records of one commit, whole.</summary>
/// <threadsafety>Immutable.</threadsafety>
[SuppressMessage("Naming", "CA1710", Justification = "A transaction is what it is; that it can be enumerated is use.")]
public readonly struct WalTransaction : IReadOnlyCollection<WalRecord>
{
    // One lone record: its payload and type. Several: their entries, as Records lays them out.
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ushort _loneType;
    private readonly bool _isLone;

    internal WalTransaction(Lsn lsn, DateTimeOffset timestamp, ushort recordType, ReadOnlyMemory<byte> payload)
    {
        FirstLsn = lsn;
        Timestamp = timestamp;
        Count = 1;
        _bytes = payload;
        _loneType = recordType;
        _isLone = true;
    }

    internal WalTransaction(Lsn first, DateTimeOffset timestamp, int count, ReadOnlyMemory<byte> entries)
    {
        FirstLsn = first;
        Timestamp = timestamp;
        Count = count;
        _bytes = entries;
    }

    /// <summary>LSN of the first record.</summary>
    public Lsn FirstLsn { get; }

    /// <summary>LSN of the last record: what the commit returned.</summary>
    public Lsn LastLsn => new(FirstLsn.Value + (ulong)Math.Max(Count - 1, 0));

    /// <summary>When the batch that holds the transaction was written, by the writer's clock, to the
    /// millisecond.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>Number of records.</summary>
    public int Count { get; }

    /// <summary>The record at a place in the transaction. Walks there from the first one: to visit all, use
    /// <c>foreach</c>.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public WalRecord this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            Enumerator records = GetEnumerator();
            for (int i = 0; i <= index; i++)
            {
                records.MoveNext();
            }

            return records.Current;
        }
    }

    /// <summary>Visits the records in order, without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<WalRecord> IEnumerable<WalRecord>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Visits the records of a transaction in order.</summary>
    public struct Enumerator : IEnumerator<WalRecord>
    {
        private readonly WalTransaction _transaction;
        private int _index;
        private int _offset;

        internal Enumerator(WalTransaction transaction)
        {
            _transaction = transaction;
            _index = -1;
        }

        /// <inheritdoc/>
        public WalRecord Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext()
        {
            if (_index + 1 >= _transaction.Count)
            {
                return false;
            }

            _index++;
            if (_transaction._isLone)
            {
                Current = new WalRecord(_transaction.FirstLsn, _transaction._loneType, _transaction._bytes);
                return true;
            }

            ReadOnlyMemory<byte> bytes = _transaction._bytes;
            BatchEntry entry = BatchEntry.Read(bytes.Span[_offset..]);
            int start = _offset + BatchEntry.HeaderBytes;
            Current = new WalRecord(
                new Lsn(_transaction.FirstLsn.Value + (ulong)_index),
                entry.RecordType,
                bytes.Slice(start, entry.PayloadBytes));
            _offset = start + entry.PayloadBytes;
            return true;
        }

        /// <inheritdoc/>
        public void Reset()
        {
            _index = -1;
            _offset = 0;
        }

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
