using LoraWal.Records;
using LoraWal.Segments;

namespace LoraWal.Log;

/// <summary>Cuts frames into the transactions that a reader asked for.</summary>
/// <param name="after">Only transactions whose last LSN is above this.</param>
/// <param name="upTo">Only transactions whose last LSN is at or below this.</param>
internal sealed class TransactionSplitter(ulong after, ulong upTo)
{
    private FrameKind _kind;
    private ushort _recordType;
    private ReadOnlyMemory<byte> _rest;
    private ulong _lsn;
    private DateTimeOffset _timestamp;

    /// <summary>Whether a transaction above the end has been met.</summary>
    public bool IsPastEnd { get; private set; }

    /// <summary>Whether nothing up to the end is still to come.</summary>
    public bool IsAtEnd(ulong nextLsn) => nextLsn > upTo;

    /// <summary>Begins with the frame read last.</summary>
    public void Begin(FrameReader frame, long created)
    {
        _kind = frame.Header.Kind;
        _recordType = frame.Header.RecordType;
        _rest = _kind == FrameKind.Batch ? frame.Payload[BatchHeader.Bytes..] : frame.Payload;
        _lsn = frame.Header.Lsn;
        _timestamp = DateTimeOffset.FromUnixTimeMilliseconds(created + frame.Header.Time);
    }

    /// <summary>The next transaction of the frame that was asked for.</summary>
    public bool TryNext(out WalTransaction transaction)
    {
        while (!IsPastEnd && TryCut(out transaction))
        {
            IsPastEnd = transaction.LastLsn.Value > upTo;
            if (!IsPastEnd && transaction.LastLsn.Value > after)
            {
                return true;
            }
        }

        transaction = default;
        return false;
    }

    private bool TryCut(out WalTransaction transaction)
    {
        transaction = default;
        switch (_kind)
        {
            case FrameKind.Record:
                transaction = new WalTransaction(new Lsn(_lsn), _timestamp, _recordType, _rest);
                _kind = FrameKind.None;
                return true;
            case FrameKind.Batch when !_rest.IsEmpty:
                transaction = CutBatch();
                return true;
            default:
                return false;
        }
    }

    // The frame has been validated: entries add up, and the last one ends a transaction.
    private WalTransaction CutBatch()
    {
        ReadOnlySpan<byte> rest = _rest.Span;
        int bytes = 0;
        int count = 0;
        bool isLast = false;
        while (!isLast)
        {
            BatchEntry entry = BatchEntry.Read(rest[bytes..]);
            bytes += BatchEntry.HeaderBytes + entry.PayloadBytes;
            isLast = entry.IsLastOfTransaction;
            count++;
        }

        var transaction = new WalTransaction(new Lsn(_lsn), _timestamp, count, _rest[..bytes]);
        _rest = _rest[bytes..];
        _lsn += (ulong)count;
        return transaction;
    }
}
