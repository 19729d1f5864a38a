using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class SegmentSupplyTests
{
    [Fact]
    public void A_next_segment_that_found_no_space_is_not_tried_again_with_every_append()
    {
        TestLog world = new();
        Wal wal = world.Open();
        world.Disk.CapacityBytes = world.Options.SegmentTargetBytes;
        wal.Append(new byte[20_000]);
        Assert.Equal(["lorawal-prepare"], world.Work.Pending);
        world.Work.RunAll();

        wal.Append([1]);

        Assert.Empty(world.Work.Pending);
    }

    [Fact]
    public void A_next_segment_that_found_no_space_is_prepared_again_after_the_next_rotation()
    {
        TestLog world = new();
        Wal wal = world.Open();
        world.Disk.CapacityBytes = world.Options.SegmentTargetBytes;
        wal.Append(new byte[20_000]);
        world.Work.RunAll();
        world.Disk.CapacityBytes = null;

        wal.Append(new byte[40_000]);

        Assert.Equal(2, wal.Status.SegmentCount);
        Assert.Equal(["lorawal-prepare"], world.Work.Pending);
    }
}
