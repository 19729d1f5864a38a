using System.Runtime.CompilerServices;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class GroupFlusherTests
{
    private static readonly TimeSpan Interval = new WalOptions().GroupSyncInterval;
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);
    private static readonly byte[] Payload = [1, 2, 3];

    [Fact]
    public async Task It_waits_first_and_syncs_once_when_the_interval_is_over()
    {
        TestLog world = new() { StartsFlusher = true };
        Wal wal = world.Open();
        long before = world.Disk.Counters.Syncs;
        Lsn lsn = wal.Append(Payload);

        world.Time.Advance(Interval - TimeSpan.FromMilliseconds(1));
        Assert.Equal(before, world.Disk.Counters.Syncs);
        Assert.True(wal.Status.DurableLsn < lsn);

        Task synced = world.Disk.Counters.WaitForSyncAsync(before + 1);
        world.Time.Advance(TimeSpan.FromMilliseconds(1));
        await synced.WaitAsync(HangGuard);
        await wal.WaitForDurableAsync(lsn).AsTask().WaitAsync(HangGuard);
        Assert.Equal(before + 1, world.Disk.Counters.Syncs);
    }

    [Fact]
    public async Task It_syncs_exactly_once_per_interval_with_new_records_and_never_without()
    {
        TestLog world = new() { StartsFlusher = true };
        Wal wal = world.Open();
        long expected = world.Disk.Counters.Syncs;
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < 3; i++)
            {
                wal.Append(Payload);
            }

            world.Time.Advance(Interval);
            await wal.WaitForDurableAsync(new Lsn((ulong)(3 * (round + 1)))).AsTask().WaitAsync(HangGuard);
            Assert.Equal(++expected, world.Disk.Counters.Syncs);

            // Nothing new: the intervals that follow sync nothing. The next round would count it.
            world.Time.Advance(Interval);
            world.Time.Advance(Interval);
        }

        Assert.Equal(expected, world.Disk.Counters.Syncs);
    }

    [Fact]
    public async Task It_writes_buffered_records_too()
    {
        TestLog world = new() { StartsFlusher = true };
        Wal wal = world.Open();
        Lsn lsn = wal.Append(Payload, durability: AppendDurability.Buffered);
        Assert.True(wal.Status.WrittenLsn < lsn);

        world.Time.Advance(Interval);
        await wal.WaitForDurableAsync(lsn).AsTask().WaitAsync(HangGuard);
        Assert.Equal(lsn, wal.Status.DurableLsn);
    }

    [Fact]
    public async Task A_stop_wakes_it_at_once()
    {
        TestLog world = new();
        Wal wal = world.Open();
        using CancellationTokenSource stop = new();
        Task flusher = wal.RunGroupFlusherAsync(stop.Token);
        Assert.False(flusher.IsCompleted);

        await stop.CancelAsync();
        await flusher.WaitAsync(HangGuard); // no time has passed on its clock
        GC.KeepAlive(wal);
    }

    [Fact]
    public async Task Closing_ends_it_without_waiting_for_the_interval()
    {
        TestLog world = new() { StartsFlusher = true, OtherWork = LoraWal.Log.ThreadWorkScheduler.Instance };
        Wal wal = world.Open();
        wal.Append(Payload);

        await wal.CloseAsync().AsTask().WaitAsync(HangGuard);

        using Wal again = new TestLog(disk: world.Disk) { OtherWork = LoraWal.Log.ThreadWorkScheduler.Instance }.Open();
        Assert.Equal(TailVerdict.Clean, again.Recovery.Verdict);
    }

    [Fact]
    public async Task An_abandoned_log_is_collected_and_the_loop_ends()
    {
        TestLog world = new();
        (WeakReference<Wal> weak, Task flusher) = OpenAndAbandon(world);
        for (int i = 0; i < 10 && IsAlive(weak); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(IsAlive(weak), "The flusher keeps an abandoned log alive.");
        Assert.False(flusher.IsCompleted);
        world.Time.Advance(Interval);
        await flusher.WaitAsync(HangGuard);
    }

    [Fact]
    public async Task Its_first_failed_sync_latches_the_log_for_good_and_ends_it()
    {
        TestLog world = new();
        Wal wal = world.Open();
        wal.Append(Payload);
        FaultPlan faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync(SyncFailure.KeepCache));
        world.Disk.Faults = faults.Decide;
        Task flusher = wal.RunGroupFlusherAsync(CancellationToken.None);

        world.Time.Advance(Interval);
        await flusher.WaitAsync(HangGuard);

        WalFault fault = Assert.IsType<WalFault>(wal.Status.Fault);
        Assert.StartsWith("bg fsync failed: fdatasync", fault.Reason, StringComparison.Ordinal);
        Assert.Contains("EIO", fault.Reason, StringComparison.Ordinal);
        Assert.Equal(WalState.Poisoned, wal.Status.State);
        Assert.True(wal.Poisoned.IsCancellationRequested);
        long syncs = world.Disk.Counters.Syncs;
        foreach (Action call in new Action[]
        {
            () => wal.Append(Payload),
            () => wal.SyncAsync().AsTask().GetAwaiter().GetResult(),
            () => wal.WaitForDurableAsync(new Lsn(1)).AsTask().GetAwaiter().GetResult(),
        })
        {
            Assert.Same(fault, Assert.Throws<WalPoisonedException>(call).Fault);
        }

        Assert.Equal(syncs, world.Disk.Counters.Syncs); // a failed sync is never tried again
    }

    [Fact]
    public void An_idle_log_proves_what_it_promised_without_a_sync_of_its_own()
    {
        TestLog world = new();
        Wal wal = world.Open();
        wal.Append(Payload);
        Assert.True(wal.FlushTick());
        (long syncs, long writes) = (world.Disk.Counters.Syncs, world.Disk.Counters.Writes);

        Assert.True(wal.FlushTick()); // idle: one marker
        Assert.True(wal.FlushTick()); // still idle: nothing
        Assert.Equal(writes + 1, world.Disk.Counters.Writes);
        Assert.Equal(syncs, world.Disk.Counters.Syncs);

        // Damage to the record is damage now, not a torn tail: the marker's promise covers it.
        world.Kill();
        world.Disk.Damage.FlipBit("0000000001.wal", 4096 + 33, 3);
        Assert.Throws<WalCorruptException>(() => world.Open());
    }

    // A method of its own: the target must not live on in a local of the test.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsAlive(WeakReference<Wal> weak) => weak.TryGetTarget(out _);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference<Wal> Weak, Task Flusher) OpenAndAbandon(TestLog world)
    {
        Wal wal = world.Open();
        wal.Append(Payload);
        return (new WeakReference<Wal>(wal), wal.RunGroupFlusherAsync(CancellationToken.None));
    }
}
