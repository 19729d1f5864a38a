using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class AllocationTests
{
    private const int Appends = 2_000;

    [Theory]
    [InlineData(SyncMode.GroupSync, AppendDurability.Written)]
    [InlineData(SyncMode.GroupSync, AppendDurability.Buffered)]
    [InlineData(SyncMode.PerCommit, AppendDurability.Durable)]
    public void A_lone_append_allocates_nothing_in_steady_state(SyncMode mode, AppendDurability durability)
    {
        using TemporaryDirectory directory = new();
        using Wal wal = Open(directory, mode);
        byte[] payload = new byte[100];
        Run(wal, payload, durability); // both buffers grow, pools fill
        Run(wal, payload, durability);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(wal, payload, durability);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < Appends / 10, $"{allocated} bytes for {Appends} appends");
    }

    [Fact]
    public void A_batch_that_is_used_again_allocates_nothing()
    {
        using TemporaryDirectory directory = new();
        using Wal wal = Open(directory, SyncMode.GroupSync);
        using WalBatch batch = new();
        RunBatches(wal, batch);

        long before = GC.GetAllocatedBytesForCurrentThread();
        RunBatches(wal, batch);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < Appends / 10, $"{allocated} bytes for {Appends} commits");
    }

    private static Wal Open(TemporaryDirectory directory, SyncMode mode)
    {
        WalOptions options = new() { Directory = directory.Path, SyncMode = mode };
        return Wal.Open(options, WalEnvironment.OnDisk(options.Directory) with { StartsFlusher = false });
    }

    private static void Run(Wal wal, byte[] payload, AppendDurability durability)
    {
        for (int i = 0; i < Appends; i++)
        {
            wal.Append(payload, 0, durability);
            ValueTask<Lsn> append = wal.AppendAsync(payload, 0, durability);
            Assert.True(append.IsCompletedSuccessfully, "A lone caller leads before it returns.");
            _ = append.Result;
        }

        wal.SyncAsync().AsTask().GetAwaiter().GetResult();
    }

    private static void RunBatches(Wal wal, WalBatch batch)
    {
        for (int i = 0; i < Appends; i++)
        {
            batch.Clear();
            batch.Add([1, 2, 3]);
            batch.Add([4, 5], recordType: 7);
            ValueTask<Lsn> commit = wal.CommitAsync(batch);
            Assert.True(commit.IsCompletedSuccessfully, "A lone caller leads before it returns.");
            _ = commit.Result;
        }
    }
}
