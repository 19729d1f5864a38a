using LoraWal.Log;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Concurrency;

public class StormTests
{
    [Theory]
    [InlineData(SyncMode.PerCommit, 1)]
    [InlineData(SyncMode.GroupSync, 2)]
    [InlineData(SyncMode.None, 3)]
    public async Task Every_waiter_ends_and_everything_acknowledged_reads_back(SyncMode mode, int seed)
    {
        TestLog log = World(mode, seed);
        Wal wal = Open(log);
        var storm = new Storm(wal, seed);
        Task<int>[] followers =
            [storm.FollowAsync(includeNotDurable: false), storm.FollowAsync(includeNotDurable: true)];

        await storm.RunAsync(writers: 12, appends: 120);
        await wal.CloseAsync();
        await Task.WhenAll(followers).WaitAsync(Storm.HangGuard);

        log.PowerCut();
        await using Wal again = Open(log);
        await storm.VerifyAsync(again);
    }

    [Theory]
    [InlineData(SyncMode.PerCommit, 4)]
    [InlineData(SyncMode.GroupSync, 5)]
    [InlineData(SyncMode.GroupSync, 6)]
    public async Task A_log_closed_in_the_middle_ends_every_call_and_keeps_what_it_acknowledged(SyncMode mode, int seed)
    {
        TestLog log = World(mode, seed);
        Wal wal = Open(log);
        var storm = new Storm(wal, seed);
        Task<int> follower = storm.FollowAsync(includeNotDurable: true);
        Task writing = storm.RunAsync(writers: 12, appends: 1_000_000);
        await log.Disk.Counters.WaitForAsync(DiskOperationKind.Write, 400).WaitAsync(Storm.HangGuard);

        Task[] closings =
        [
            Task.Run(() => wal.CloseAsync().AsTask()),
            Task.Run(wal.Dispose),
            Task.Run(() => wal.DisposeAsync().AsTask()),
        ];
        await Task.WhenAll(closings).WaitAsync(Storm.HangGuard);
        await writing;
        await follower.WaitAsync(Storm.HangGuard);
        wal.Dispose();
        await wal.DisposeAsync();
        await wal.CloseAsync();

        Assert.Equal(WalState.Closed, wal.Status.State);
        Assert.Throws<ObjectDisposedException>(() => wal.Append([1]));
        log.PowerCut();
        await using Wal again = Open(log);
        await storm.VerifyAsync(again);
    }

    [Theory]
    [InlineData(SyncMode.PerCommit, 7)]
    [InlineData(SyncMode.GroupSync, 8)]
    public async Task A_real_disk_gives_back_what_was_acknowledged(SyncMode mode, int seed)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("lorawal-");
        try
        {
            var options = new WalOptions
            {
                Directory = directory.FullName,
                SyncMode = mode,
                SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,
                GroupSyncInterval = TimeSpan.FromMilliseconds(5),
            };
            Wal wal = await Wal.OpenAsync(options);
            var storm = new Storm(wal, seed);
            Task<int> follower = storm.FollowAsync(includeNotDurable: false);
            await storm.RunAsync(writers: 8, appends: 60);
            await wal.CloseAsync();
            await follower.WaitAsync(Storm.HangGuard);

            await using Wal again = await Wal.OpenAsync(options);
            await storm.VerifyAsync(again);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static TestLog World(SyncMode mode, int seed) =>
        new(seed)
        {
            OtherWork = ThreadWorkScheduler.Instance,
            StartsFlusher = true,
            Options =
            {
                SyncMode = mode,
                GroupSyncInterval = TimeSpan.FromMilliseconds(3),
                MaxTransactionBytes = 64 * 1024,
                MaxPendingBytes = 64 * 1024,
            },
        };

    private static Wal Open(TestLog log) =>
        Wal.Open(log.Options, log.CreateEnvironment() with { Time = TimeProvider.System });
}
