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
    private readonly byte[] _array;
    private readonly int _start;
    private readonly long _unixMilliseconds;
    private readonly ushort _loneType;
    private readonly bool _isLone;
    private readonly int _loneBytes;

    internal WalTransaction(Lsn lsn, DateTimeOffset timestamp, ushort recordType, ReadOnlyMemory<byte> payload)
    {
        FirstLsn = lsn;
        _unixMilliseconds = timestamp.ToUnixTimeMilliseconds();
        Count = 1;
        _array = payload.ToArray();
        _loneBytes = payload.Length;
        _loneType = recordType;
        _isLone = true;
    }

    /// <summary>A lone record: the bytes of an array.</summary>
    internal WalTransaction(Lsn lsn, long unixMilliseconds, ushort recordType, byte[] array, int start, int bytes)
    {
        FirstLsn = lsn;
        _unixMilliseconds = unixMilliseconds;
        Count = 1;
        _array = array;
        _start = start;
        _loneBytes = bytes;
        _loneType = recordType;
        _isLone = true;
    }

    /// <summary>Records of a batch: so many entries in an array.</summary>
    internal WalTransaction(Lsn first, long unixMilliseconds, int count, byte[] array, int start)
    {
        FirstLsn = first;
        _unixMilliseconds = unixMilliseconds;
        Count = count;
        _array = array;
        _start = start;
    }

    /// <summary>LSN of the first record.</summary>
    public Lsn FirstLsn { get; }

    /// <summary>LSN of the last record: what the commit returned.</summary>
    public Lsn LastLsn => new(FirstLsn.Value + (ulong)Math.Max(Count - 1, 0));

    /// <summary>When the batch that holds the transaction was written, by the writer's clock, to the
    /// millisecond.</summary>
    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(_unixMilliseconds);

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
        private int _offset;
        private int _left;
        private ulong _lsn;
        private WalRecord _current;

        internal Enumerator(in WalTransaction transaction)
        {
            _transaction = transaction;
            Reset();
        }

        /// <inheritdoc/>
        public readonly WalRecord Current => _current;

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext()
        {
            if (_left == 0)
            {
                return false;
            }

            _left--;
            ushort type = _transaction._loneType;
            int bytes = _transaction._loneBytes;
            if (!_transaction._isLone)
            {
                BatchEntry entry = BatchEntry.Read(_transaction._array.AsSpan(_offset));
                _offset += BatchEntry.HeaderBytes;
                (type, bytes) = (entry.RecordType, entry.PayloadBytes);
            }

            var payload = new ReadOnlyMemory<byte>(_transaction._array, _offset, bytes);
            _current = new WalRecord(new Lsn(_lsn), type, payload);
            _offset += bytes;
            _lsn++;
            return true;
        }

        /// <inheritdoc/>
        public void Reset()
        {
            _offset = _transaction._start;
            _left = _transaction.Count;
            _lsn = _transaction.FirstLsn.Value;
            _current = default;
        }

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
