using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class DroppedRecordTests
{
    private static readonly byte[] Large = new byte[20_000];
    private static readonly byte[] Small = [1, 2, 3];

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
    private static Lsn DropBuffered(TestLog world, Wal wal)
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
