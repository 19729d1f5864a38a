using LoraWal.Log;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Concurrency;

/// <summary>Many callers wait for one sync.</summary>
public sealed class CrowdTests
{
    private const int Crowd = 64;

    private static readonly byte[] Payload = [1, 2, 3];

    private readonly DiskGate _gate = new();
    private readonly TestLog _log = new()
    {
        OtherWork = ThreadWorkScheduler.Instance,
        Options = { SyncMode = SyncMode.PerCommit },
    };

    [Fact]
    public async Task Whatever_gathers_during_a_sync_costs_one_write_and_one_sync()
    {
        Wal wal = _log.Open();
        Task<Lsn> leading = await HangSyncAsync(wal);
        Task<Lsn>[] crowd = [.. Enumerable.Range(0, Crowd).Select(_ => wal.AppendAsync(Payload).AsTask())];
        _log.Disk.Counters.KeepsTrace = true;

        _gate.Release();
        await leading.WaitAsync(Storm.HangGuard);
        Lsn[] lsns = await Task.WhenAll(crowd).WaitAsync(Storm.HangGuard);

        Assert.Equal(Enumerable.Range(2, Crowd).Select(lsn => new Lsn((ulong)lsn)), lsns);
        Assert.Equal(
            [DiskOperationKind.Write, DiskOperationKind.Sync],
            _log.Disk.Counters.Trace.Select(operation => operation.Kind));
        await wal.CloseAsync();
    }

    [Fact]
    public async Task A_caller_that_blocks_when_it_is_resumed_holds_up_nobody_else_of_its_crowd()
    {
        Wal wal = _log.Open();
        Task<Lsn> leading = await HangSyncAsync(wal);
        using CountdownEvent others = new(Crowd - 1);
        int resumed = 0;
        Task<bool>[] crowd = [.. Enumerable.Range(0, Crowd).Select(_ => CallAsync())];

        _gate.Release();
        await leading.WaitAsync(Storm.HangGuard);

        Assert.All(await Task.WhenAll(crowd).WaitAsync(Storm.HangGuard), Assert.True);
        await wal.CloseAsync();

        async Task<bool> CallAsync()
        {
            await wal.AppendAsync(Payload).ConfigureAwait(false);
            if (Interlocked.Increment(ref resumed) == 1)
            {
                return others.Wait(Storm.HangGuard / 2);
            }

            others.Signal();
            return true;
        }
    }

    private async Task<Task<Lsn>> HangSyncAsync(Wal wal)
    {
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Sync, FaultAction.Block(_gate), name: "01.wal").Decide;
        Task<Lsn> leading = Task.Run(() => wal.AppendAsync(Payload).AsTask());
        await _gate.Entered.WaitAsync(Storm.HangGuard);
        return leading;
    }
}
