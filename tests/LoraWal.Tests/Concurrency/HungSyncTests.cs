using LoraWal.Log;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Concurrency;

/// <summary>A sync hangs: the device has stopped answering.</summary>
public class HungSyncTests
{
    private static readonly byte[] Payload = [1, 2, 3];

    private readonly DiskGate _gate = new();

    [Theory]
    [InlineData(SyncMode.GroupSync)]
    [InlineData(SyncMode.PerCommit)]
    [InlineData(SyncMode.None)]
    public async Task Written_appends_and_readers_go_on_while_a_sync_hangs(SyncMode mode)
    {
        TestLog log = World(mode);
        Wal wal = log.Open();
        await wal.AppendAsync(Payload, durability: AppendDurability.Durable);
        HangSyncs(log);

        Task<Lsn> hanging = Task.Run(() => wal.AppendAsync(Payload, durability: AppendDurability.Durable).AsTask());
        await _gate.Entered.WaitAsync(Storm.HangGuard);
        for (ulong lsn = 3; lsn < 30; lsn++)
        {
            Lsn got = await wal.AppendAsync(Payload, durability: AppendDurability.Written)
                .AsTask().WaitAsync(Storm.HangGuard);
            Assert.Equal(new Lsn(lsn), got);
        }

        Assert.False(hanging.IsCompleted);
        Assert.Equal(new Lsn(1), wal.Status.DurableLsn);
        Assert.Equal(1, await CountAsync(wal, includeNotDurable: false));
        Assert.Equal(29, await CountAsync(wal, includeNotDurable: true));

        _gate.Release();
        Assert.Equal(new Lsn(2), await hanging.WaitAsync(Storm.HangGuard));
        await wal.CloseAsync();
    }

    [Fact]
    public async Task A_waiter_gives_up_by_its_token_with_the_outcome_unknown_and_its_record_stays()
    {
        TestLog log = World(SyncMode.PerCommit);
        Wal wal = log.Open();
        HangSyncs(log);
        Task<Lsn> hanging = Task.Run(() => wal.AppendAsync(Payload).AsTask());
        await _gate.Entered.WaitAsync(Storm.HangGuard);
        using CancellationTokenSource cancellation = new();

        Task<Lsn> waiting = wal.AppendAsync(Payload, cancellationToken: cancellation.Token).AsTask();
        Task syncing = wal.SyncAsync(cancellation.Token).AsTask();
        Task durable = wal.WaitForDurableAsync(new Lsn(2), cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        WalWaitCanceledException canceled = await Assert.ThrowsAsync<WalWaitCanceledException>(() => waiting);
        Assert.Equal(new Lsn(2), canceled.Lsn);
        Assert.True(canceled.OutcomeUnknown);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => syncing);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => durable);
        _gate.Release();
        await hanging.WaitAsync(Storm.HangGuard);
        await wal.CloseAsync();
        using Wal again = log.Open();
        Assert.Equal(2, await CountAsync(again, includeNotDurable: false));
    }

    [Fact]
    public async Task Closing_is_bounded_by_its_token_and_goes_on_when_the_sync_ends()
    {
        TestLog log = World(SyncMode.GroupSync);
        Wal wal = log.Open();
        await wal.AppendAsync(Payload);
        HangSyncs(log);
        using CancellationTokenSource cancellation = new();

        Task closing = wal.CloseAsync(cancellation.Token).AsTask();
        await _gate.Entered.WaitAsync(Storm.HangGuard);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => closing);
        Assert.Throws<WalInUseException>(log.Open);

        _gate.Release();
        await wal.CloseAsync().AsTask().WaitAsync(Storm.HangGuard);
        using Wal again = log.Open();
        Assert.Equal(new Lsn(1), again.Recovery.LastLsn);
        Assert.Equal(TailVerdict.Clean, again.Recovery.Verdict);
    }

    [Fact]
    public async Task At_most_one_sync_is_in_flight_whoever_asks()
    {
        TestLog log = World(SyncMode.GroupSync);
        Wal wal = log.Open();
        HangSyncs(log);
        log.Disk.Counters.KeepsTrace = true;
        List<Task> calls = [Task.Run(() => wal.AppendAsync(Payload, durability: AppendDurability.Durable).AsTask())];
        await _gate.Entered.WaitAsync(Storm.HangGuard);

        for (int i = 0; i < 5; i++)
        {
            calls.Add(wal.AppendAsync(Payload, durability: AppendDurability.Durable).AsTask());
            calls.Add(wal.SyncAsync().AsTask());
            calls.Add(Task.Run(wal.FlushTick));
            calls.Add(Task.Run(() => wal.Append(Payload, durability: AppendDurability.Durable)));
            await wal.AppendAsync(Payload).AsTask().WaitAsync(Storm.HangGuard);
        }

        calls.Add(wal.CheckpointAsync(new Lsn(1)).AsTask());
        Assert.Equal(1, Syncs(log));
        Assert.Equal(0, log.Disk.Counters.SyncsOf("0000000001.wal"));
        _gate.Release();
        await Task.WhenAll(calls).WaitAsync(Storm.HangGuard);
        await wal.SyncAsync();
        Assert.Equal(wal.Status.WrittenLsn, wal.Status.DurableLsn);
        await wal.CloseAsync();
    }

    private static int Syncs(TestLog log) =>
        log.Disk.Counters.Trace.Count(operation => operation.Kind == DiskOperationKind.Sync);

    private static async Task<int> CountAsync(Wal wal, bool includeNotDurable)
    {
        int count = 0;
        await foreach (WalTransaction transaction in wal.ReadAsync(
            new WalReadOptions(IncludeNotDurable: includeNotDurable)))
        {
            count += transaction.Count;
        }

        return count;
    }

    private static TestLog World(SyncMode mode) => new()
    {
        OtherWork = ThreadWorkScheduler.Instance,
        Options = { SyncMode = mode },
    };

    private void HangSyncs(TestLog log) => log.Disk.Faults = new FaultPlan()
        .On(DiskOperationKind.Sync, FaultAction.Block(_gate), name: "01.wal", times: int.MaxValue).Decide;
}
