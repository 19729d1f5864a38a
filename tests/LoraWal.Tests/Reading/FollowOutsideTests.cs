using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Reading;

/// <summary>Tailing a log from a second process.</summary>
public class FollowOutsideTests
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    private readonly TestLog _log = new(seed: 42) { Options = { SyncMode = SyncMode.PerCommit } };

    [Fact]
    public async Task It_waits_for_more_across_rotations_a_close_and_the_next_open()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 10, 1000);
        await using Follower follower = new(_log, new WalReadOptions(Follow: true));
        Assert.Equal(9, follower.LastOf(9));

        wal.AppendMany(11, 200, 1000);
        Assert.Equal(199, follower.LastOf(199));
        _log.Close(wal);
        Assert.Equal(200, follower.LastOf(200));

        Wal again = _log.Open();
        again.AppendMany(201, 203, 1000);
        Assert.Equal(202, follower.LastOf(202));
        Assert.Equal(Numbered(1, 202, 1000), follower.Records);
    }

    [Fact]
    public async Task It_waits_for_a_log_that_is_not_there_yet_and_ends_where_it_is_told()
    {
        _log.Open();
        _log.Disk.Damage.DeleteFile("0000000001.wal");
        _log.Kill();
        await using Follower follower = new(_log, new WalReadOptions(UpTo: new Lsn(2), Follow: true));
        follower.PollOnce();
        Wal wal = _log.Open();
        wal.AppendMany(1, 5);
        Assert.Equal(2, follower.LastOf(2));
        Assert.False(await follower.Next.WaitAsync(HangGuard));
    }

    [Fact]
    public async Task Truncation_behind_it_does_not_matter_and_truncation_of_what_it_needs_is_told()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        await using Follower inTime = new(_log, new WalReadOptions(new Lsn(150), Follow: true));
        await using Follower late = new(_log, new WalReadOptions(Follow: true));
        Assert.Equal(199, inTime.LastOf(199));
        Assert.Equal(3, late.LastOf(3));

        wal.AppendMany(201, 400, 1000);
        Assert.Equal(399, inTime.LastOf(399));
        TruncateResult truncated = _log.Finish(wal.TruncateAsync(new Lsn(300)));
        wal.AppendMany(401, 402, 1000);
        Assert.Equal(401, inTime.LastOf(401));
        WalTruncatedException told = Assert.Throws<WalTruncatedException>(() => late.LastOf(401));
        Assert.Equal(truncated.OldestLsn, told.Oldest);
    }

    [Fact]
    public async Task It_never_passes_the_durable_edge_while_it_follows()
    {
        _log.Options.SyncMode = SyncMode.GroupSync;
        Wal wal = _log.Open();
        await using Follower follower = new(_log, new WalReadOptions(Follow: true));
        for (int number = 1; number <= 120; number++)
        {
            wal.AppendMany(number, number, 1000);
            if (number % 7 == 0)
            {
                wal.FlushTick();
            }

            follower.PollOnce();
            Assert.True(follower.Last <= (int)wal.Status.DurableLsn.Value, $"{follower.Last} at {number}");
        }

        wal.FlushTick();
        wal.FlushTick();
        Assert.Equal(120, follower.LastOf(120));
    }

    [Fact]
    public async Task Damage_that_hides_all_later_records_is_found_while_it_waits()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        await using Follower follower = new(_log, new WalReadOptions(Follow: true));
        Assert.Equal(2, follower.LastOf(2));
        _log.Disk.Damage.ZeroRange("0000000001.wal", 4096 + (3 * 56), 8);
        wal.AppendMany(4, 4);
        _log.Disk.Damage.ZeroRange("0000000001.wal", 4096 + (3 * 56), 8); // the fourth frame is gone
        wal.AppendMany(5, 6);

        WalCorruptException damage = Assert.Throws<WalCorruptException>(() => follower.LastOf(6));
        Assert.Equal(new Lsn(4), damage.Lsn);
    }

    [Fact]
    public async Task What_was_read_without_a_promise_and_is_taken_back_is_told()
    {
        _log.Options.SyncMode = SyncMode.GroupSync;
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        wal.FlushTick();
        wal.FlushTick();
        wal.AppendMany(4, 9);
        await using Follower follower = new(_log, new WalReadOptions(Follow: true, IncludeNotDurable: true));
        Assert.Equal(9, follower.LastOf(9));

        // After a failed sync the kernel drops pages that the disk never got.
        _log.Disk.Damage.ZeroRange("0000000001.wal", 4096 + (4 * 56), 6 * 56);
        WalException told = Assert.Throws<WalException>(() => follower.LastOf(10));
        Assert.Contains("has been taken back", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_is_cut_or_begun_anew_under_it_is_told_and_not_waited_for_in_a_file_without_a_name()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 120, 1000);
        await using Follower follower = new(_log, new WalReadOptions(Follow: true));
        Assert.Equal(119, follower.LastOf(119));
        _log.Close(wal);
        Assert.Equal(120, follower.LastOf(120));
        foreach (string name in _log.Disk.Names.Where(name => name.EndsWith(".wal", StringComparison.Ordinal)).ToList())
        {
            _log.Disk.Damage.DeleteFile(name);
        }

        _log.Open().AppendMany(1, 10, 1000);
        WalException told = Assert.Throws<WalException>(() => follower.LastOf(121));
        Assert.Contains("cut or begun anew", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_taken_back_before_it_was_read_is_no_damage_but_not_yet_there()
    {
        _log.Options.SyncMode = SyncMode.GroupSync;
        _log.Options.SegmentTargetBytes = 1 << 20;
        Wal wal = _log.Open();
        wal.AppendMany(1, 300, 1000);
        await using Follower follower = new(_log, new WalReadOptions(Follow: true, IncludeNotDurable: true));
        Assert.Equal(1, follower.LastOf(1)); // the end is known by now, and only some of it has been read

        // After a failed sync the kernel drops pages that the disk never got.
        _log.Disk.Damage.ZeroRange("0000000001.wal", 250_000, 200_000);
        int last = follower.LastOf(300);
        Assert.InRange(last, 200, 250);
        Assert.Equal(Numbered(1, last, 1000), follower.Records);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait()
    {
        _log.Open();
        using CancellationTokenSource stop = new();
        await using IAsyncEnumerator<WalTransaction> read =
            _log.Reader().ReadAsync(new WalReadOptions(Follow: true), stop.Token).GetAsyncEnumerator();
        Task<bool> next = read.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(HangGuard));
    }
}
