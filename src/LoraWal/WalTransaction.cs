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
    private const int CountShift = 32;
    private const int TypeShift = 32;
    private const ulong LoneFlag = 1UL << 63;

    // WHY NOT narrower fields: what is written in small pieces and copied at once makes the processor wait, twice for
    // every transaction.
    private readonly byte[] _array;
    private readonly ulong _place; // where the bytes begin in the array, and above that the number of records
    private readonly ulong _lone; // 0: entries, as Records lays them out; else the flag, the record's type and length
    private readonly ulong _first;
    private readonly long _unixMilliseconds;

    internal WalTransaction(Lsn lsn, DateTimeOffset timestamp, ushort recordType, ReadOnlyMemory<byte> payload)
        : this(
            lsn.Value,
            timestamp.ToUnixTimeMilliseconds(),
            payload.ToArray(),
            0,
            1,
            LoneForm(recordType, payload.Length))
    {
    }

    /// <param name="first">The first LSN.</param>
    /// <param name="unixMilliseconds">When it was written.</param>
    /// <param name="array">Holds a lone record's payload, or the entries of several.</param>
    /// <param name="start">Where that begins.</param>
    /// <param name="count">Number of records.</param>
    /// <param name="lone"><see cref="LoneForm"/>, or 0.</param>
    internal WalTransaction(ulong first, long unixMilliseconds, byte[] array, int start, int count, ulong lone)
    {
        _array = array;
        _place = (uint)start | ((ulong)(uint)count << CountShift);
        _lone = lone;
        _first = first;
        _unixMilliseconds = unixMilliseconds;
    }

    /// <summary>What tells a record that has no entry of its own.</summary>
    internal static ulong LoneForm(ushort recordType, int bytes) =>
        LoneFlag | ((ulong)recordType << TypeShift) | (uint)bytes;

    /// <summary>LSN of the first record.</summary>
    public Lsn FirstLsn => new(_first);

    /// <summary>LSN of the last record: what the commit returned.</summary>
    public Lsn LastLsn => new(_first + (ulong)Math.Max(Count - 1, 0));

    /// <summary>When the batch that holds the transaction was written, by the writer's clock, to the
    /// millisecond.</summary>
    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(_unixMilliseconds);

    /// <summary>Number of records.</summary>
    public int Count => (int)(_place >> CountShift);

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
        private int _left;
        private int _offset;
        private int _bytes;
        private ushort _type;

        internal Enumerator(in WalTransaction transaction)
        {
            _transaction = transaction;
            Reset();
        }

        // Made when it is asked for: a copy in a field would be copied once more.
        /// <inheritdoc/>
        public readonly WalRecord Current => new(
            new Lsn(_transaction._first + (ulong)(_transaction.Count - _left - 1)),
            _type,
            new ReadOnlyMemory<byte>(_transaction._array, _offset, _bytes));

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext()
        {
            if (_left == 0)
            {
                return false;
            }

            _left--;
            _offset += _bytes;
            if (_transaction._lone == 0)
            {
                BatchEntry entry = BatchEntry.Read(_transaction._array.AsSpan(_offset));
                _offset += BatchEntry.HeaderBytes;
                (_type, _bytes) = (entry.RecordType, entry.PayloadBytes);
            }
            else
            {
                (_type, _bytes) = ((ushort)(_transaction._lone >> TypeShift), (int)_transaction._lone);
            }

            return true;
        }

        /// <inheritdoc/>
        public void Reset()
        {
            _left = _transaction.Count;
            _offset = (int)_transaction._place;
            _bytes = 0;
            _type = 0;
        }

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
