using System.Buffers.Binary;
using LoraWal.Interleavings.Controlled;
using LoraWal.TestSupport;
using Microsoft.Coyote.Runtime;
using Microsoft.Coyote.Specifications;

namespace LoraWal.Interleavings.Scenarios;

/// <summary>An open log on a simulated disk, and what its callers were told: checked with every answer, and at the end
/// against what a power cut leaves.</summary>
/// <remarks>A sync takes time: it has chosen what it covers, and whatever else can run may run before it is over.
/// </remarks>
internal sealed class World
{
    private const ulong Magic = 0xC0FFEE_0000_0000;
    private const int TagBytes = sizeof(ulong);

    private readonly TestLog _log;
    private readonly int _failingSync;
    private readonly object _lock = new();
    private readonly Dictionary<ulong, int> _acknowledged = [];
    private readonly HashSet<int> _refused = [];
    private int _syncs;
    private bool _syncFailed;
    private volatile bool _sawPoison;

    /// <summary>Opens an empty log.</summary>
    /// <param name="mode">When an append counts as done.</param>
    /// <param name="failingSync">The sync of a segment that fails, from 1; 0: none.</param>
    /// <param name="configure">Changes the settings.</param>
    public World(SyncMode mode, int failingSync = 0, Action<WalOptions>? configure = null)
    {
        _failingSync = failingSync;
        _log = new TestLog { OtherWork = new ControlledWork(), Options = { SyncMode = mode } };
        configure?.Invoke(_log.Options);
        SchedulingPoint.Suppress(); // nothing runs beside an open
        Wal = _log.Open();
        SchedulingPoint.Resume();
        _log.Disk.Faults = Decide;
    }

    public Wal Wal { get; }

    /// <summary>LSNs of everything that was acknowledged.</summary>
    public IReadOnlyCollection<ulong> Acknowledged => _acknowledged.Keys;

    /// <summary>Appends one record, and checks the answer.</summary>
    /// <param name="tag">Tells the record from all others.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="durability">What is asked for.</param>
    /// <param name="cancellationToken">Null: the blocking call.</param>
    /// <returns>Whether it was acknowledged.</returns>
    public async Task<bool> AppendAsync(
        int tag,
        int bytes = TagBytes,
        AppendDurability durability = AppendDurability.Durable,
        CancellationToken? cancellationToken = null)
    {
        byte[] payload = new byte[bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, Magic + (ulong)tag);
        bool wasPoisoned = _sawPoison;
        try
        {
            Lsn lsn = cancellationToken is { } token
                ? await Wal.AppendAsync(payload, durability: durability, cancellationToken: token)
                : Wal.Append(payload, durability: durability);
            Specification.Assert(!wasPoisoned, "LSN {0} was acknowledged after the poison", lsn);
            Acknowledge(tag, lsn.Value, isDurable: durability == AppendDurability.Durable);
            return true;
        }
        catch (WalPoisonedException poisoned)
        {
            CheckCause(poisoned);
            Refuse(tag, isInDoubt: poisoned.OutcomeUnknown);
        }
        catch (WalWaitCanceledException cancelled)
        {
            Specification.Assert(cancelled.Lsn != Lsn.None, "a wait was cancelled without an LSN");
        }
        catch (OperationCanceledException)
        {
            Refuse(tag, isInDoubt: false);
        }
        catch (ObjectDisposedException)
        {
            Refuse(tag, isInDoubt: false);
        }

        return false;
    }

    /// <summary>Syncs, and checks the answer.</summary>
    public async Task SyncAsync()
    {
        bool wasPoisoned = _sawPoison;
        Lsn written = Wal.Status.WrittenLsn;
        try
        {
            Lsn durable = await Wal.SyncAsync();
            Specification.Assert(!wasPoisoned, "a sync was acknowledged after the poison");
            Specification.Assert(durable >= written, "a sync returned {0}, {1} was written", durable, written);
            Specification.Assert(durable <= Wal.Status.DurableLsn, "a sync returned {0} too early", durable);
        }
        catch (WalPoisonedException poisoned)
        {
            CheckCause(poisoned);
        }
        catch (ObjectDisposedException)
        {
            // closed
        }
    }

    /// <summary>One round of the group flusher.</summary>
    public bool Tick() => Wal.FlushTick();

    /// <summary>Closes the log, which ends whatever happened to it.</summary>
    public async Task CloseAsync()
    {
        try
        {
            await Wal.CloseAsync();
        }
        catch (WalPoisonedException poisoned)
        {
            CheckCause(poisoned);
        }
    }

    /// <summary>Whether a record would survive a power cut now.</summary>
    public bool IsOnDisk(int tag)
    {
        byte[] wanted = new byte[TagBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(wanted, Magic + (ulong)tag);
        SchedulingPoint.Suppress();
        bool found = _log.Disk.DurableNames
            .Where(name => name.EndsWith(".wal", StringComparison.Ordinal))
            .Any(name => _log.Disk.ReadAllDurable(name).AsSpan().IndexOf(wanted) >= 0);
        SchedulingPoint.Resume();
        return found;
    }

    /// <summary>Checks what a transaction that was read says.</summary>
    /// <returns>The record's tag.</returns>
    public static int TagOf(WalTransaction transaction)
    {
        Specification.Assert(transaction.Count == 1, "a transaction has {0} records", transaction.Count);
        return (int)(BinaryPrimitives.ReadUInt64LittleEndian(transaction[0].Payload.Span) - Magic);
    }

    /// <summary>Opens what a power cut leaves of the closed log, and compares it with what was acknowledged.</summary>
    /// <returns>What opening found.</returns>
    public async Task<TailVerdict> CheckAfterPowerCutAsync()
    {
        SchedulingPoint.Suppress();
        SimulatedDisk disk = _log.Disk.Clone();
        disk.PowerCut(CrashStyle.Nothing);
        TestLog again = new(disk: disk) { OtherWork = new ControlledWork() };
        Wal wal = again.Open();
        ulong expected = wal.Status.OldestLsn.Value;
        await foreach (WalTransaction transaction in wal.ReadAsync())
        {
            int tag = TagOf(transaction);
            ulong lsn = transaction.LastLsn.Value;
            Specification.Assert(lsn == expected++, "LSN {0} follows {1}", lsn, expected - 2);
            Specification.Assert(!_refused.Contains(tag), "record {0} was refused, and is there", tag);
            Specification.Assert(
                !_acknowledged.Remove(lsn, out int known) || known == tag, "LSN {0} is record {1}", lsn, tag);
        }

        foreach (ulong lsn in _acknowledged.Keys.Where(lsn => lsn >= wal.Status.OldestLsn.Value))
        {
            Specification.Assert(false, "LSN {0} was acknowledged and is lost", lsn);
        }

        TailVerdict verdict = wal.Recovery.Verdict;
        SchedulingPoint.Resume();
        await wal.CloseAsync();
        return verdict;
    }

    private void Acknowledge(int tag, ulong lsn, bool isDurable)
    {
        if (isDurable)
        {
            Specification.Assert(Wal.Status.DurableLsn.Value >= lsn, "LSN {0} was acknowledged too early", lsn);
            Specification.Assert(IsOnDisk(tag), "LSN {0} was acknowledged and is not on the disk", lsn);
        }

        lock (_lock)
        {
            if (isDurable)
            {
                Specification.Assert(_acknowledged.TryAdd(lsn, tag), "LSN {0} was given twice", lsn);
            }
        }
    }

    private void Refuse(int tag, bool isInDoubt)
    {
        lock (_lock)
        {
            if (!isInDoubt)
            {
                _refused.Add(tag);
            }
        }
    }

    private void CheckCause(WalPoisonedException poisoned)
    {
        _sawPoison = true;
        Specification.Assert(
            ReferenceEquals(Wal.Status.Fault, poisoned.Fault), "another cause than the first: {0}", poisoned.Fault);
    }

    // Called under the disk's lock.
    private FaultAction Decide(DiskOperation operation)
    {
        if (operation.Kind != DiskOperationKind.Sync || !operation.Name.EndsWith(".wal", StringComparison.Ordinal))
        {
            return FaultAction.None;
        }

        Specification.Assert(!_syncFailed, "a sync began after, or beside, one that failed");
        _syncFailed = ++_syncs == _failingSync;
        DiskGate gate = new();
        _ = Task.Run(gate.Release);
        return (_syncFailed ? FaultAction.FailSync() : FaultAction.None) with { GateBefore = gate };
    }
}
