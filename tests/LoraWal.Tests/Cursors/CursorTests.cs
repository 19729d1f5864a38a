using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Cursors;

/// <summary>A cursor remembers, durably, how far its consumer got, and keeps what it has not seen.</summary>
public class CursorTests
{
    private const int Size = 8000; // about 8 records in a segment
    private readonly TestLog _log = new();

    [Fact]
    public void A_cursor_goes_on_after_a_power_cut_where_it_was_acknowledged()
    {
        Wal wal = OpenWith(9);
        WalCursor cursor = _log.OpenCursor(wal);
        Assert.Equal(CursorVerbs.Range(1, 9), cursor.ReadTo(9));
        _log.Acknowledge(cursor, 5);
        Assert.Equal(new Lsn(5), cursor.Position);

        _log.PowerCut(CrashStyle.Nothing, DirectoryCrash.Subset);

        WalCursor again = _log.OpenCursor(_log.Open());
        Assert.Equal(new Lsn(5), again.Position);
        Assert.Equal(CursorVerbs.Range(6, 9), again.ReadTo(9));
    }

    [Fact]
    public async Task A_cursor_never_reads_past_what_is_durable_and_follows_it()
    {
        Wal wal = OpenWith(2);
        WalCursor cursor = _log.OpenCursor(wal);
        await using IAsyncEnumerator<WalTransaction> reader = cursor.ReadAsync().GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync() && await reader.MoveNextAsync());
        wal.AppendMany(3, 3, Size, AppendDurability.Written);
        ValueTask<bool> next = reader.MoveNextAsync();
        Assert.False(next.IsCompleted);

        _log.Sync(wal);

        Assert.True(await next);
        Assert.Equal(new Lsn(3), reader.Current.LastLsn);
    }

    [Fact]
    public void A_new_cursor_begins_with_the_oldest_record_or_after_the_newest()
    {
        Wal wal = OpenWith(40);
        _log.Truncate(wal, 20);
        ulong oldest = wal.Status.OldestLsn.Value;

        Assert.Equal((int)oldest, _log.OpenCursor(wal, "old").ReadTo((int)oldest)[0]);
        WalCursor newest = _log.OpenCursor(wal, "new", new WalCursorOptions { StartAt = WalCursorStart.Newest });
        Assert.Equal(new Lsn(40), newest.Position);
        wal.AppendMany(41, 41, Size, AppendDurability.Durable);
        Assert.Equal([41], newest.ReadTo(41));
    }

    [Fact]
    public void Reading_again_begins_after_what_was_acknowledged()
    {
        WalCursor cursor = _log.OpenCursor(OpenWith(6));
        cursor.ReadTo(6);
        _log.Acknowledge(cursor, 2);

        Assert.Equal(CursorVerbs.Range(3, 6), cursor.ReadTo(6));
    }

    [Fact]
    public void Acknowledging_backwards_is_ignored_and_beyond_what_was_read_is_refused()
    {
        Wal wal = OpenWith(6);
        WalCursor cursor = _log.OpenCursor(wal);
        cursor.ReadTo(4);
        _log.Acknowledge(cursor, 4);
        long calls = _log.Disk.Counters.OperationCount;

        _log.Acknowledge(cursor, 3);
        _log.Acknowledge(cursor, 4);
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => _log.Acknowledge(cursor, 5));

        Assert.Equal(calls, _log.Disk.Counters.OperationCount);
        Assert.Contains("has read up to LSN 4", refused.Message);
        Assert.Equal(new Lsn(4), cursor.Position);
    }

    [Fact]
    public void Truncation_never_passes_the_lowest_cursor_and_says_which_it_is()
    {
        Wal wal = OpenWith(40);
        WalCursor slow = _log.OpenCursor(wal, "slow");
        WalCursor fast = _log.OpenCursor(wal, "fast");
        slow.ReadTo(12);
        _log.Acknowledge(slow, 12);
        fast.ReadTo(40);
        _log.Acknowledge(fast, 40);

        TruncateResult result = _log.Truncate(wal, 40);

        Assert.Equal([new TruncationHold("cursor slow", new Lsn(12))], result.HeldBackBy);
        Assert.Equal(CursorVerbs.Range(13, 40), slow.ReadTo(40));
        _log.Acknowledge(slow, 40);
        Assert.Empty(_log.Truncate(wal, 40).HeldBackBy);
    }

    [Fact]
    public void A_cursor_that_nobody_opens_holds_back_truncation_after_a_restart()
    {
        WalCursor cursor = _log.OpenCursor(OpenWith(40));
        cursor.ReadTo(12);
        _log.Acknowledge(cursor, 12);
        _log.PowerCut(CrashStyle.Nothing);

        Wal wal = _log.Open();
        TruncateResult result = _log.Truncate(wal, 40);

        Assert.Equal([new TruncationHold("cursor c", new Lsn(12))], result.HeldBackBy);
        Assert.Equal(CursorVerbs.Range(13, 40), _log.OpenCursor(wal).ReadTo(40));
    }

    [Fact]
    public void A_dropped_cursor_is_gone_for_good_and_frees_what_it_held()
    {
        Wal wal = OpenWith(40);
        WalCursor cursor = _log.OpenCursor(wal);
        Assert.Throws<InvalidOperationException>(() => _log.Finish(wal.DropCursorAsync("c")));
        _log.Finish(cursor.DisposeAsync());

        Assert.True(_log.Finish(wal.DropCursorAsync("c")));
        Assert.False(_log.Finish(wal.DropCursorAsync("c")));

        Assert.Empty(wal.ListCursors());
        Assert.Empty(_log.Truncate(wal, 40).HeldBackBy);
        _log.PowerCut(CrashStyle.Nothing, DirectoryCrash.Subset);
        Assert.Empty(_log.Open().ListCursors());
    }

    [Fact]
    public void Two_cursors_of_one_name_are_refused_until_the_first_is_disposed_of()
    {
        Wal wal = OpenWith(1);
        WalCursor first = _log.OpenCursor(wal);

        var refused = Assert.Throws<InvalidOperationException>(() => _log.OpenCursor(wal));

        Assert.Contains("'c'", refused.Message);
        _log.Finish(first.DisposeAsync());
        _log.OpenCursor(wal).ReadTo(1);
        Assert.Throws<ObjectDisposedException>(() => _log.Acknowledge(first, 1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("a.b")]
    [InlineData("../a")]
    [InlineData("a1234567890123456789012345678901234567890123456789012345678901234")]
    public void A_name_that_is_no_file_name_everywhere_is_refused(string name)
    {
        var refused = Assert.Throws<ArgumentException>(() => _log.OpenCursor(_log.Open(), name));
        Assert.Contains("1 to 64 of a-z, 0-9 and '-'", refused.Message);
    }

    [Fact]
    public void A_cursor_whose_records_are_gone_is_refused_with_both_lsns()
    {
        Wal wal = OpenWith(40);
        WalCursor cursor = _log.OpenCursor(wal);
        cursor.ReadTo(3);
        _log.Acknowledge(cursor, 3);
        wal.Holds.Remove("cursor c"); // truncated by other means
        Lsn oldest = _log.Truncate(wal, 40).OldestLsn;
        _log.Kill();

        Wal again = _log.Open();
        var gone = Assert.Throws<WalTruncatedException>(() => _log.OpenCursor(again));

        Assert.Equal((new Lsn(3), oldest), (gone.Asked, gone.Oldest));
        Assert.True(_log.Finish(again.DropCursorAsync("c")));
        Assert.Equal((int)oldest.Value, _log.OpenCursor(again).ReadTo(40)[0]);
    }

    [Fact]
    public void Calls_that_wait_at_the_same_time_share_one_round()
    {
        WalCursor cursor = _log.OpenCursor(OpenWith(9));
        cursor.ReadTo(9);
        _log.Work.RunAll();
        long before = _log.Disk.Counters.DirectorySyncs;

        Task[] all = [.. CursorVerbs.Range(1, 9).Select(lsn => cursor.AcknowledgeAsync(new Lsn((ulong)lsn)).AsTask())];
        _log.Finish(new ValueTask(Task.WhenAll(all)));

        Assert.Equal((new Lsn(9), 1L), (cursor.Position, _log.Disk.Counters.DirectorySyncs - before));
    }

    [Fact]
    public void A_cursor_that_keeps_more_than_its_limit_is_reported_also_when_nobody_opens_it()
    {
        Wal wal = OpenWith(40);
        _log.OpenCursor(wal, "c", new WalCursorOptions { MaxLagBytes = 100_000 });
        WalCursorInfo info = Assert.Single(wal.ListCursors());
        Assert.True(info.IsOverLimit && info.IsOpen && info.LagBytes > 40 * Size, $"{info}");
        _log.Kill();

        Wal again = _log.Open();
        info = Assert.Single(again.ListCursors());
        Assert.True(info is { IsOverLimit: true, IsOpen: false, MaxLagBytes: 100_000 }, $"{info}");
        WalCursor cursor = _log.OpenCursor(again, "c", new WalCursorOptions { MaxLagBytes = 100_000 });
        cursor.ReadTo(40);
        _log.Acknowledge(cursor, 40);
        Assert.Equal((0, false), (cursor.LagBytes, again.ListCursors()[0].IsOverLimit));
    }

    [Fact]
    public void Closing_ends_a_reader_and_refuses_later_calls()
    {
        Wal wal = OpenWith(3);
        WalCursor cursor = _log.OpenCursor(wal);
        cursor.ReadTo(3);
        _log.Close(wal);

        Assert.Throws<ObjectDisposedException>(() => _log.Acknowledge(cursor, 3));
        Assert.Throws<ObjectDisposedException>(() => cursor.ReadTo(3));
        Assert.Throws<ObjectDisposedException>(() => _log.OpenCursor(wal, "d"));
        Assert.Equal(CursorVerbs.Range(1, 3), _log.OpenCursor(_log.Open()).ReadTo(3));
    }

    private Wal OpenWith(int records)
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, records, Size, AppendDurability.Durable);
        return wal;
    }
}
