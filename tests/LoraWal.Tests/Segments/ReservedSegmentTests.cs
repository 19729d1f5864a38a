using LoraWal.TestSupport;

namespace LoraWal.Tests.Segments;

public class ReservedSegmentTests
{
    private const string First = "0000000001.wal";
    private const string Second = "0000000002.wal";

    private readonly TestLog _log = new();

    private DiskCounters Counters => _log.Disk.Counters;

    private int SegmentBytes => (int)_log.Options.SegmentTargetBytes;

    [Theory]
    [InlineData(SyncMode.GroupSync)]
    [InlineData(SyncMode.None)]
    public void A_segment_is_reserved_and_reads_as_zeros_without_having_been_written(SyncMode mode)
    {
        _log.Options.SyncMode = mode;

        _log.Open();

        Assert.Equal(1, Counters.CountOf(DiskOperationKind.Reserve));
        Assert.True(Counters.BytesWritten < SegmentBytes / 4, $"{Counters.BytesWritten} bytes were written");
        AssertWholeAndEmpty(First);
    }

    [Fact]
    public void Under_PerCommit_a_segment_is_filled_with_zeros_so_that_its_syncs_write_no_metadata()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;

        _log.Open();

        Assert.Equal(0, Counters.CountOf(DiskOperationKind.Reserve));
        Assert.True(Counters.BytesWritten >= SegmentBytes, $"only {Counters.BytesWritten} bytes were written");
        AssertWholeAndEmpty(First);
    }

    [Fact]
    public void Where_no_space_can_be_reserved_zeros_are_written()
    {
        _log.Disk.CanReserve = false;

        _log.Open();

        Assert.True(Counters.BytesWritten >= SegmentBytes, $"only {Counters.BytesWritten} bytes were written");
        AssertWholeAndEmpty(First);
    }

    [Fact]
    public void A_reservation_that_finds_no_space_makes_the_log_full_and_no_record_half_written()
    {
        Wal wal = _log.Open();
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Reserve, FaultAction.Fail("ENOSPC"), times: 2).Decide;
        wal.Append(new byte[SegmentBytes / 2]);
        _log.Work.RunAll(); // the next segment, prepared in the background, is the first to find no space

        Assert.Throws<WalFullException>(() => wal.Append(new byte[SegmentBytes / 2]));

        Assert.Equal((WalState.Full, new Lsn(1)), (wal.Status.State, wal.Status.WrittenLsn));
        Assert.False(wal.Poisoned.IsCancellationRequested);
        Assert.DoesNotContain(Second, _log.Disk.Names);
        _log.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(new Lsn(2), wal.Append(new byte[SegmentBytes / 2]));
    }

    [Fact]
    public void Any_other_failure_to_reserve_closes_the_latch_as_a_failed_write_of_zeros_does()
    {
        Wal wal = _log.Open();
        _log.Disk.Faults = new FaultPlan()
            .On(DiskOperationKind.Reserve, FaultAction.Fail("EIO"), times: 2).Decide;
        wal.Append(new byte[SegmentBytes / 2]);
        _log.Work.RunAll();

        WalPoisonedException failure = Assert.Throws<WalPoisonedException>(
            () => wal.Append(new byte[SegmentBytes / 2]));

        Assert.Contains("fallocate", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.OutcomeUnknown);
    }

    private void AssertWholeAndEmpty(string name)
    {
        byte[] durable = _log.Disk.ReadAllDurable(name)!;
        Assert.Equal(SegmentBytes, durable.Length);
        Assert.Equal(-1, durable.AsSpan(4096).IndexOfAnyExcept((byte)0));
    }
}
