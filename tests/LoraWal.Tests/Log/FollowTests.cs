using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class FollowTests
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_following_reader_ends_at_an_end_that_the_fence_has_jumped_over()
    {
        TestLog world = new();
        world.Open().Append([1]);
        world.Kill();
        world.Options.ReplayAfter = new Lsn(100);
        Wal wal = world.Open();

        var range = new WalReadOptions(UpTo: new Lsn(50), Follow: true);
        int count = await wal.ReadAsync(range).CountAsync().AsTask().WaitAsync(HangGuard);

        Assert.Equal(1, count);
    }

    [Fact]
    public async Task A_following_reader_with_an_end_above_the_fence_waits_for_it()
    {
        TestLog world = new() { Options = { ReplayAfter = new Lsn(100), SyncMode = SyncMode.PerCommit } };
        Wal wal = world.Open();

        Task<int> read = wal.ReadAsync(new WalReadOptions(UpTo: new Lsn(101), Follow: true)).CountAsync().AsTask();
        Assert.False(read.IsCompleted);
        wal.Append([1]);

        Assert.Equal(1, await read.WaitAsync(HangGuard));
    }
}
