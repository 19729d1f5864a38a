using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Log;

/// <summary>Truncation never takes what someone still needs, and says who.</summary>
public class TruncationHoldTests
{
    private const int Size = 8000; // about 8 records in a segment
    private readonly TestLog _log = new();

    [Fact]
    public void Truncation_stops_at_the_lowest_hold_and_names_every_holder_that_kept_a_segment()
    {
        Wal wal = OpenWith(40);
        wal.Holds.Set("cursor b", 12);
        wal.Holds.Set("snapshot default", 21);
        wal.Holds.Set("cursor z", 40);

        TruncateResult result = Truncate(wal, 40);

        Assert.InRange(result.OldestLsn.Value, 2ul, 13ul);
        Assert.Equal(
            [new TruncationHold("cursor b", new Lsn(12)), new TruncationHold("snapshot default", new Lsn(21))],
            result.HeldBackBy);
        Assert.Equal(LogVerbs.Numbered(13, 40, Size), wal.Read(new WalReadOptions(After: new Lsn(12))));
        Assert.Equal("cursor b at LSN 12", result.HeldBackBy[0].ToString());
    }

    [Fact]
    public void A_hold_that_keeps_no_segment_is_not_named()
    {
        Wal wal = OpenWith(40);
        wal.Holds.Set("cursor a", 39);

        TruncateResult result = Truncate(wal, 40);

        Assert.Empty(result.HeldBackBy);
        Assert.True(result.SegmentsDeleted > 0);
        Assert.Empty(Truncate(wal, 5).HeldBackBy);
    }

    [Fact]
    public void A_hold_at_no_LSN_keeps_everything_and_not_a_byte_is_written()
    {
        Wal wal = OpenWith(40);
        wal.Holds.Set("cursor a", 0);
        _log.Work.RunAll();
        long calls = _log.Disk.Counters.OperationCount;

        TruncateResult result = Truncate(wal, 40);

        Assert.Equal(calls, _log.Disk.Counters.OperationCount);
        Assert.Equal((0, new Lsn(1)), (result.SegmentsDeleted, result.OldestLsn));
        Assert.Equal([new TruncationHold("cursor a", Lsn.None)], result.HeldBackBy);
    }

    [Fact]
    public void Moving_and_removing_a_hold_lets_the_next_truncation_go_on()
    {
        Wal wal = OpenWith(40);
        wal.Holds.Set("cursor a", 12);
        Lsn first = Truncate(wal, 40).OldestLsn;
        wal.Holds.Set("cursor a", 25);
        Lsn second = Truncate(wal, 40).OldestLsn;
        wal.Holds.Remove("cursor a");
        wal.Holds.Remove("cursor a");
        TruncateResult third = Truncate(wal, 40);

        Assert.True(first < second && second < third.OldestLsn);
        Assert.Empty(third.HeldBackBy);
        Assert.Equal((ulong.MaxValue, 0), (wal.Holds.Lowest, wal.Holds.All().Count));
    }

    [Fact]
    public void What_a_hold_kept_is_still_there_after_a_crash_at_any_step_of_the_truncation()
    {
        Wal wal = OpenWith(40);
        wal.Holds.Set("cursor a", 12);
        _log.Kill();
        int swept = CrashSweep.Run(_log.Disk, Size, (log, progress) =>
        {
            progress.Tried = progress.Written = progress.Durable = 40;
            progress.Truncated = 12;
            Wal again = log.Open();
            again.Holds.Set("cursor a", 12);
            log.Finish(again.TruncateAsync(new Lsn(40)));
        });

        Assert.True(swept > 4, $"{swept} calls");
    }

    private Wal OpenWith(int records)
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, records, Size, AppendDurability.Durable);
        return wal;
    }

    private TruncateResult Truncate(Wal wal, int fence) => _log.Finish(wal.TruncateAsync(new Lsn((ulong)fence)));
}
