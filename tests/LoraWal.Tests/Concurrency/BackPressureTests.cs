using LoraWal.Log;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Concurrency;

/// <summary>More is appended than MaxPendingBytes lets in while a write hangs.</summary>
public sealed class BackPressureTests
{
    private const int PendingBytes = 8 * 1024;

    private readonly DiskGate _gate = new();
    private readonly TestLog _log = new()
    {
        OtherWork = ThreadWorkScheduler.Instance,
        Options =
        {
            SyncMode = SyncMode.GroupSync,
            MaxTransactionBytes = PendingBytes,
            MaxPendingBytes = PendingBytes,
        },
    };

    [Fact]
    public async Task Appends_wait_for_room_in_order_and_one_that_is_cancelled_meanwhile_leaves_no_trace()
    {
        Wal wal = _log.Open();
        Task<Lsn> writing = await HangWriteAsync(wal);
        Task<Lsn> filling = wal.AppendAsync(Bytes(PendingBytes - 64)).AsTask();
        using CancellationTokenSource cancellation = new();
        Task<Lsn> cancelled = wal.AppendAsync(Bytes(200), cancellationToken: cancellation.Token).AsTask();
        Task<Lsn> waiting = wal.AppendAsync(Bytes(300)).AsTask();
        ValueTask<Lsn> buffered = wal.AppendAsync(Bytes(400), durability: AppendDurability.Buffered);
        Assert.Equal(new Lsn(3), wal.Status.NextLsn);
        Assert.False(buffered.IsCompleted);

        await cancellation.CancelAsync();
        OperationCanceledException failure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.IsNotType<WalWaitCanceledException>(failure);
        _gate.Release();

        Assert.Equal(new Lsn(1), await writing.WaitAsync(Storm.HangGuard));
        Assert.Equal(new Lsn(2), await filling.WaitAsync(Storm.HangGuard));
        Assert.Equal(new Lsn(3), await waiting.WaitAsync(Storm.HangGuard));
        Assert.Equal(new Lsn(4), await buffered.AsTask().WaitAsync(Storm.HangGuard));
        await wal.CloseAsync();
        int[] sizes = await SizesAsync();
        Assert.Equal([100, PendingBytes - 64, 300, 400], sizes);
    }

    [Fact]
    public async Task Blocking_appends_block_for_room_and_all_end()
    {
        Wal wal = _log.Open();
        Task<Lsn> writing = await HangWriteAsync(wal);
        Task<Lsn> filling = wal.AppendAsync(Bytes(PendingBytes - 64)).AsTask();
        Task<Lsn>[] blocked =
        [
            .. Enumerable.Range(0, 6).Select(i => Task.Factory.StartNew(
                () => wal.Append(Bytes(PendingBytes / 2)),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];
        Assert.False(filling.IsCompleted);
        _gate.Release();

        await writing.WaitAsync(Storm.HangGuard);
        Lsn[] lsns = await Task.WhenAll(blocked).WaitAsync(Storm.HangGuard);
        Assert.Equal([3, 4, 5, 6, 7, 8], lsns.Select(lsn => (int)lsn.Value).Order());
        await wal.CloseAsync();
        Assert.Equal(8, (await SizesAsync()).Length);
    }

    [Fact]
    public async Task Appends_that_wait_for_room_end_when_the_log_closes()
    {
        Wal wal = _log.Open();
        Task<Lsn> writing = await HangWriteAsync(wal);
        Task<Lsn> filling = wal.AppendAsync(Bytes(PendingBytes - 64)).AsTask();
        Task<Lsn> waiting = wal.AppendAsync(Bytes(300)).AsTask();

        Task closing = wal.CloseAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Storm.HangGuard));
        _gate.Release();

        await closing.WaitAsync(Storm.HangGuard);
        Assert.Equal(new Lsn(1), await writing);
        Assert.Equal(new Lsn(2), await filling);
        int[] sizes = await SizesAsync();
        Assert.Equal([100, PendingBytes - 64], sizes);
    }

    private static byte[] Bytes(int count) => new byte[count];

    private async Task<Task<Lsn>> HangWriteAsync(Wal wal)
    {
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Write, FaultAction.Block(_gate), name: ".wal").Decide;
        Task<Lsn> writing = Task.Run(() => wal.AppendAsync(Bytes(100)).AsTask());
        await _gate.Entered.WaitAsync(Storm.HangGuard);
        return writing;
    }

    private async Task<int[]> SizesAsync()
    {
        _log.Disk.Faults = null;
        using Wal again = _log.Open();
        List<int> sizes = [];
        await foreach (WalTransaction transaction in again.ReadAsync())
        {
            sizes.AddRange(transaction.Select(record => record.Payload.Length));
        }

        return [.. sizes];
    }
}
