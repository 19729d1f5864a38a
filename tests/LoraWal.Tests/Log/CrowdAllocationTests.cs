using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

/// <summary>What a crowd allocates is counted for the whole process: nothing else may run beside.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public class CrowdAllocationTests
{
    private const int Callers = 32;
    private const int AppendsEach = 400;

    // Less than the smallest object for every tenth append.
    private const double MostBytes = 2.4;

    [Theory]
    [InlineData(SyncMode.PerCommit, AppendDurability.Durable)]
    [InlineData(SyncMode.GroupSync, AppendDurability.Written)]
    [InlineData(SyncMode.GroupSync, AppendDurability.Buffered)]
    public async Task A_crowd_of_async_appends_allocates_nothing_in_steady_state(
        SyncMode mode, AppendDurability durability)
    {
        using TemporaryDirectory directory = new();
        WalOptions options = new() { Directory = directory.Path, SyncMode = mode };
        await using Wal wal = Wal.Open(
            options, WalEnvironment.OnDisk(options.Directory) with { StartsFlusher = false });
        for (int i = 0; i < 6; i++)
        {
            await RunAsync(wal, durability); // buffers grow, pools fill
        }

        long before = GC.GetTotalAllocatedBytes(precise: true);
        await RunAsync(wal, durability);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        double each = allocated / (double)(Callers * AppendsEach);
        Assert.True(each < MostBytes, $"{each:0.00} bytes an append");
    }

    private static async Task RunAsync(Wal wal, AppendDurability durability)
    {
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            byte[] payload = new byte[100];
            for (int i = 0; i < AppendsEach; i++)
            {
                await wal.AppendAsync(payload, 0, durability);
            }
        })));
        await wal.SyncAsync();
    }
}
