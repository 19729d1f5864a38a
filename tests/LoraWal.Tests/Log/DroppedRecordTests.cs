using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class DroppedRecordTests
{
    private static readonly byte[] Large = new byte[20_000];
    private static readonly byte[] Small = [1, 2, 3];

    [Fact]
    public async Task A_wait_for_a_dropped_record_fails_though_a_later_one_with_its_LSN_is_durable()
    {
        TestLog world = new();
        Wal wal = world.Open();
        Lsn dropped = DropBuffered(world, wal);

        Assert.Equal(dropped, wal.Append(Small));
        wal.FlushTick();
        Assert.Equal(dropped, wal.Status.DurableLsn);

        await Assert.ThrowsAsync<WalFullException>(() => wal.WaitForDurableAsync(dropped).AsTask());
    }

    [Fact]
    public async Task Waits_for_later_records_are_told_once_of_dropped_ones_and_then_go_on()
    {
        TestLog world = new();
        Wal wal = world.Open();
        Lsn dropped = DropBuffered(world, wal);
        wal.Append(Small);
        Lsn later = wal.Append(Small);
        Assert.True(later > dropped);

        await Assert.ThrowsAsync<WalFullException>(() => wal.WaitForDurableAsync(later).AsTask());
        Task wait = wal.WaitForDurableAsync(later).AsTask();
        wal.FlushTick();
        await wait;
        await Assert.ThrowsAsync<WalFullException>(() => wal.SyncAsync().AsTask());
        Assert.Equal(later, await wal.SyncAsync());
    }

    [Fact]
    public void A_full_log_with_nothing_unsynced_has_no_unsynced_age()
    {
        TestLog world = new();
        Wal wal = world.Open();
        DropBuffered(world, wal);
        Assert.Equal(wal.Status.WrittenLsn, wal.Status.DurableLsn);
        Assert.Equal(TimeSpan.Zero, wal.Status.OldestUnsyncedAge);

        wal.Append(Small);
        world.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.FromMilliseconds(1), wal.Status.OldestUnsyncedAge);
    }

    // The disk has room for one segment: the buffered record that needs the next one is dropped. Then there is space.
    internal static Lsn DropBuffered(TestLog world, Wal wal)
    {
        wal.Append(Large);
        wal.Append(Large);
        world.Disk.CapacityBytes = world.Options.SegmentTargetBytes;
        Lsn dropped = wal.Append(Large, durability: AppendDurability.Buffered);
        wal.FlushTick();
        Assert.Equal(WalState.Full, wal.Status.State);
        world.Disk.CapacityBytes = null;
        world.Time.Advance(TimeSpan.FromHours(1));
        return dropped;
    }
}
