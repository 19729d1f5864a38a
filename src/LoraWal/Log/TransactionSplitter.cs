using LoraWal.Records;
using LoraWal.Segments;

namespace LoraWal.Log;

/// <summary>Cuts frames into the transactions that a reader asked for.</summary>
/// <param name="after">Only transactions whose last LSN is above this.</param>
/// <param name="upTo">Only transactions whose last LSN is at or below this.</param>
internal sealed class TransactionSplitter(ulong after, ulong upTo)
{
    private byte[] _source = [];
    private int _position;
    private int _end;
    private ulong _lone;
    private bool _hasNext;
    private ulong _lsn;
    private long _time;

    // What is given out: the source itself, or a copy of this part of it.
    private byte[] _given = [];
    private int _givenFrom;
    private int _givenTo;

    /// <summary>Whether a transaction above the end has been met.</summary>
    public bool IsPastEnd { get; private set; }

    /// <summary>Whether nothing up to the end is still to come.</summary>
    public bool IsAtEnd(ulong nextLsn) => nextLsn > upTo;

    /// <summary>Begins with the frame read last.</summary>
    public void Begin(FrameReader frame, long created)
    {
        FrameKind kind = frame.Header.Kind;
        bool isLone = kind == FrameKind.Record;
        _lone = isLone ? WalTransaction.LoneForm(frame.Header.RecordType, (int)frame.Header.Length) : 0;
        _hasNext = isLone || kind == FrameKind.Batch;
        _lsn = frame.Header.Lsn;
        _time = created + frame.Header.Time;
        _source = frame.Chunk;
        _end = frame.PayloadStart + (int)frame.Header.Length;
        _position = frame.PayloadStart + (isLone ? 0 : BatchHeader.Bytes);
        _given = _source;
        _givenFrom = 0;
        _givenTo = frame.IsPayloadLasting ? _end : _position;
    }

    /// <summary>Whether the frame at hand holds more. Ask this first where frames hold one record each: it is
    /// cheaper than <see cref="TryNext"/>.</summary>
    public bool HasNext => _hasNext;

    /// <summary>The next transaction of the frame that was asked for.</summary>
    public bool TryNext(out WalTransaction transaction)
    {
        while (_hasNext && !IsPastEnd)
        {
            int start = _position;
            ulong first = _lsn;
            int count = Cut();
            IsPastEnd = _lsn - 1 > upTo;
            if (!IsPastEnd && _lsn - 1 > after)
            {
                if (_position > _givenTo)
                {
                    CopyFrom(start);
                }

                transaction = new WalTransaction(first, _time, _given, start - _givenFrom, count, _lone);
                return true;
            }
        }

        transaction = default;
        return false;
    }

    /// <summary>Goes behind the next transaction.</summary>
    /// <returns>Its records.</returns>
    // The frame has been validated: entries add up, and the last one ends a transaction.
    private int Cut()
    {
        int count = 1;
        if (_lone != 0)
        {
            _position = _end;
        }
        else
        {
            ReadOnlySpan<byte> source = _source.AsSpan(0, _end);
            int place = _position;
            BatchEntry entry = BatchEntry.Read(source[place..]);
            while (!entry.IsLastOfTransaction)
            {
                place += BatchEntry.HeaderBytes + entry.PayloadBytes;
                entry = BatchEntry.Read(source[place..]);
                count++;
            }

            _position = place + BatchEntry.HeaderBytes + entry.PayloadBytes;
        }

        _lsn += (ulong)count;
        _hasNext = _position < _end;
        return count;
    }

    // The source will be written over: give out a copy, of as many transactions as make a small array.
    private void CopyFrom(int start)
    {
        int bytes = Math.Min(Math.Max(_position - start, ReadBuffer.ChunkBytes), _end - start);
        _given = GC.AllocateUninitializedArray<byte>(bytes);
        _source.AsSpan(start, bytes).CopyTo(_given);
        _givenFrom = start;
        _givenTo = start + bytes;
    }
}
