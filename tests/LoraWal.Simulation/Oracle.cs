using System.Runtime.CompilerServices;

namespace LoraWal.Simulation;

/// <summary>Knows what every call was promised, and checks what the log shows against it.</summary>
internal sealed class Oracle
{
    private readonly List<Attempt> _attempts = [];
    private readonly List<Attempt> _byId = [];
    private readonly HashSet<ulong> _fences = [];
    private ulong _durable;
    private bool _wasPoisoned;
    private bool _writtenIsVoid;
    private WalFault? _fault;
    private (ulong First, ulong Last) _dropped;

    /// <summary>What recovery has set aside.</summary>
    public Evidence Evidence { get; } = new();

    /// <summary>The greatest fence that a truncation was asked for.</summary>
    public ulong TruncateFence { get; private set; }

    /// <summary>The greatest fence of a checkpoint that was acknowledged.</summary>
    public ulong CheckpointFence { get; private set; }

    /// <summary>The greatest fence of a checkpoint that was asked for.</summary>
    public ulong AskedCheckpoint { get; set; }

    /// <summary>Bytes of the log when it was opened.</summary>
    public long BytesAtOpen { get; set; }

    /// <summary>Whether the log has been full in this life, so that LSNs may have been taken back.</summary>
    public bool WasFull { get; set; }

    /// <summary>Buffered records were dropped, and no call has been told yet.</summary>
    public bool OwesDropReport { get; set; }

    /// <summary>A call has been told, since the status was last observed.</summary>
    public bool HasToldDrop { get; set; }

    public IReadOnlyList<Attempt> Attempts => _attempts;

    /// <summary>Whether records can still be numbered.</summary>
    public bool HasNumbers => _byId.Count < ushort.MaxValue - 64;

    public int NextId => _byId.Count + 1;

    public Attempt Begin(byte[][] payloads, DateTimeOffset now)
    {
        var attempt = new Attempt(_attempts.Count, _byId.Count + 1, payloads, now);
        _attempts.Add(attempt);
        _byId.AddRange(Enumerable.Repeat(attempt, payloads.Length));
        return attempt;
    }

    public void Fence(ulong fence) => _fences.Add(fence);

    public void AskToTruncate(ulong fence) => TruncateFence = Math.Max(TruncateFence, fence);

    public void AcknowledgeCheckpoint(ulong fence) => CheckpointFence = Math.Max(CheckpointFence, fence);

    /// <summary>A sync failed and took the page cache with it: what was only written is not promised any
    /// more.</summary>
    public void VoidWritten()
    {
        _writtenIsVoid = true;
        foreach (Attempt attempt in _attempts)
        {
            attempt.Fate = attempt.Fate == Fate.Written ? Fate.Unknown : attempt.Fate;
        }
    }

    /// <summary>The call has returned an LSN.</summary>
    public void Acknowledge(Attempt attempt, AppendDurability need, ulong lastLsn)
    {
        if (attempt.LastLsn != 0 && attempt.LastLsn != lastLsn)
        {
            throw new BrokenPromiseException($"{attempt} was acknowledged with LSN {lastLsn}.");
        }

        attempt.LastLsn = lastLsn;
        foreach (Attempt other in _attempts)
        {
            bool overlaps = other != attempt && other.Fate is Fate.Buffered or Fate.Written or Fate.Durable
                && other.LastLsn >= attempt.FirstLsn && other.FirstLsn <= lastLsn;
            if (overlaps)
            {
                Drop(other, $"{attempt} got its LSN");
            }
        }

        attempt.Fate = need switch
        {
            AppendDurability.Buffered => Fate.Buffered,
            AppendDurability.Written => Fate.Written,
            _ => Fate.Durable,
        };
    }

    /// <summary>Checks that a life of the log has one fault, the first.</summary>
    public void Observe(WalFault? fault)
    {
        _fault ??= fault;
        Require(ReferenceEquals(_fault, fault), $"the log was poisoned by '{_fault?.Reason}', now '{fault?.Reason}'");
    }

    /// <summary>Checks a status, and takes what it says is durable as a promise.</summary>
    public void Observe(WalStatus status)
    {
        Observe(status.Fault);
        (ulong durable, ulong written, ulong next) =
            (status.DurableLsn.Value, status.WrittenLsn.Value, status.NextLsn.Value);
        Require(durable <= written && written < next, $"durable {durable}, written {written}, next {next}");
        Require(durable >= _durable, $"the durable LSN went back from {_durable} to {durable}");
        Require(!_wasPoisoned || durable == _durable, $"poisoned, yet durable went from {_durable} to {durable}");
        _durable = durable;
        _wasPoisoned = status.Fault is not null;
        WasFull |= _wasPoisoned; // full and poisoned within one call: nobody saw it full
        bool hadToldDrop = HasToldDrop;
        HasToldDrop = false;
        foreach (Attempt attempt in _attempts)
        {
            if (attempt.Fate == Fate.Buffered && attempt.LastLsn >= next)
            {
                Drop(attempt, $"the next LSN is {next}");
                _dropped = OwesDropReport
                    ? (Math.Min(_dropped.First, attempt.FirstLsn), Math.Max(_dropped.Last, attempt.LastLsn))
                    : (attempt.FirstLsn, attempt.LastLsn);
                OwesDropReport = !hadToldDrop;
            }

            if (attempt.Fate is Fate.Buffered or Fate.Written && attempt.LastLsn <= durable)
            {
                attempt.Fate = Fate.Durable;
            }

            Require(attempt.Fate != Fate.Written || attempt.LastLsn <= written, $"written is {written}: {attempt}");
            Require(
                attempt.Fate != Fate.Durable || attempt.LastLsn <= durable || attempt.LastLsn <= TruncateFence,
                $"durable is {durable}: {attempt}");
        }
    }

    /// <summary>A close has succeeded: everything in the log is durable.</summary>
    public void Close()
    {
        foreach (Attempt attempt in _attempts)
        {
            attempt.Fate = attempt.Fate is Fate.Buffered or Fate.Written ? Fate.Durable : attempt.Fate;
        }
    }

    /// <summary>The process is gone.</summary>
    public void Crash(bool isPowerCut)
    {
        _fault = null;
        foreach (Attempt attempt in _attempts)
        {
            if (attempt.Fate is Fate.InFlight or Fate.Buffered
                || (attempt.Fate == Fate.Written && (isPowerCut || _writtenIsVoid)))
            {
                attempt.Fate = Fate.Unknown;
            }
        }
    }

    /// <summary>Checks one transaction, wherever it was read.</summary>
    public Attempt Match(WalTransaction transaction)
    {
        (Lsn what, Lsn end) = (transaction.FirstLsn, transaction.LastLsn);
        Attempt? attempt = null;
        int at = 0;
        foreach (WalRecord record in transaction)
        {
            int id = record.RecordType;
            Require(id >= 1 && id <= _byId.Count, $"LSN {what} has a record of type {id}, which was never appended");
            attempt ??= _byId[id - 1];
            Require(id == attempt.FirstId + at && _byId[id - 1] == attempt, $"LSN {what} mixes records: {attempt}");
            Require(record.Lsn.Value == what.Value + (ulong)at, $"LSN {what}: record {at} has another LSN");
            Require(record.Payload.Span.SequenceEqual(attempt.Payloads[at]), $"LSN {what}: bytes changed: {attempt}");
            at++;
        }

        Require(attempt is not null && at == attempt.Payloads.Length, $"LSN {what}..{end} is not whole: {attempt}");
        Require(attempt!.Fate is not (Fate.Never or Fate.Gone), $"LSN {what} must not be there: {attempt}");
        Require(attempt.LastLsn == 0 || attempt.LastLsn == end.Value, $"LSN {what} has moved: {attempt}");
        Require(
            transaction.Timestamp >= attempt.Begun.AddMilliseconds(-1),
            $"LSN {what} is of {transaction.Timestamp}, but was appended at {attempt.Begun}: {attempt}");
        return attempt;
    }

    /// <summary>Checks that transactions read one after the other follow one another.</summary>
    public void CheckOrder(ulong previousLast, int previousIndex, WalTransaction next, Attempt attempt)
    {
        ulong first = next.FirstLsn.Value;
        Require(
            first == previousLast + 1 || (first > previousLast + 1 && _fences.Contains(first - 1)),
            $"LSN {first} follows {previousLast}");
        Require(attempt.Index > previousIndex, $"LSN {first} is out of order: {attempt} after attempt {previousIndex}");
    }

    /// <summary>Checks what a fresh open shows, all of it; from now on all of it is durable.</summary>
    /// <param name="found">Everything that a reader found.</param>
    /// <param name="status">The status after the open.</param>
    /// <param name="replayAfter">The fence at open.</param>
    public void Open(List<WalTransaction> found, WalStatus status, ulong replayAfter)
    {
        var present = new HashSet<Attempt>();
        ulong last = 0;
        int index = -1;
        foreach (WalTransaction transaction in found)
        {
            Attempt attempt = Match(transaction);
            ulong first = transaction.FirstLsn.Value;
            if (present.Count > 0)
            {
                CheckOrder(last, index, transaction, attempt);
            }
            else
            {
                bool isStart = first == 1 || _fences.Contains(first - 1) || first <= TruncateFence + 1;
                Require(isStart, $"the log begins at LSN {first}");
            }

            (last, index) = (transaction.LastLsn.Value, attempt.Index);
            present.Add(attempt);
            attempt.LastLsn = last;
        }

        CheckMissing(present, status.OldestLsn.Value);
        CheckNext(last, status, replayAfter);
        Require(
            status.CheckpointLsn.Value >= CheckpointFence,
            $"the checkpoint is {status.CheckpointLsn}, though {CheckpointFence} was acknowledged");
        Require(
            status.CheckpointLsn.Value <= AskedCheckpoint || _fences.Contains(status.CheckpointLsn.Value),
            $"the checkpoint {status.CheckpointLsn} was never asked for");
        _durable = status.DurableLsn.Value;
        (_wasPoisoned, _writtenIsVoid, WasFull, OwesDropReport) = (false, false, false, false);
        AskedCheckpoint = Math.Max(AskedCheckpoint, status.CheckpointLsn.Value);
    }

    /// <summary>Whether the record that had this LSN was dropped, and nobody has been told.</summary>
    public bool IsDropped(ulong lsn) => OwesDropReport && lsn >= _dropped.First && lsn <= _dropped.Last;

    /// <summary>Attempts that a reader must show.</summary>
    public IEnumerable<Attempt> Readable(ulong after, ulong upTo) => _attempts.Where(attempt =>
        attempt.Fate == Fate.Durable && attempt.LastLsn > after && attempt.LastLsn <= upTo);

    public static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new BrokenPromiseException(message);
        }
    }

    public static void Require(
        bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] FailureText message) =>
        Require(condition, message.ToString());

    private void CheckMissing(HashSet<Attempt> present, ulong oldest)
    {
        foreach (Attempt attempt in _attempts)
        {
            if (present.Contains(attempt))
            {
                attempt.Fate = Fate.Durable;
                continue;
            }

            bool isTruncated = attempt.Fate == Fate.Durable
                && attempt.LastLsn <= TruncateFence && attempt.LastLsn < oldest;
            Require(isTruncated || attempt.Fate is not (Fate.Durable or Fate.Written), $"lost: {attempt}");
            attempt.Fate = attempt.Fate == Fate.Never ? Fate.Never : Fate.Gone;
        }
    }

    private void CheckNext(ulong last, WalStatus status, ulong replayAfter)
    {
        ulong settled = status.NextLsn.Value - 1;
        Require(settled >= replayAfter, $"the next LSN is {settled + 1}, with the fence at {replayAfter}");
        Require(settled >= _durable, $"the next LSN is {settled + 1}, though {_durable} was durable");
        Require(
            settled == last || _fences.Contains(settled) || (last == 0 && settled <= Math.Max(TruncateFence, _durable)),
            $"the next LSN is {settled + 1}, the last record has LSN {last}");
        Require(status.DurableLsn == status.WrittenLsn, $"durable {status.DurableLsn}, written {status.WrittenLsn}");
    }

    private void Drop(Attempt attempt, string why)
    {
        Require(attempt.Fate == Fate.Buffered && WasFull, $"{why}, though this was acknowledged: {attempt}");
        attempt.Fate = Fate.Never;
    }
}
