using LoraWal.TestSupport;
using LoraWal.Tests.Concurrency;

namespace LoraWal.Tests.Log;

public class IoLeaderTests
{
    private static readonly byte[] Payload = [1, 2, 3];

    // The crowd is to gather while the I/O thread lingers. Another thread that wrote the first of it would split it.
    [Fact]
    public async Task What_gathers_while_the_io_thread_syncs_is_left_to_it_and_nobody_else_is_woken()
    {
        TestLog world = new() { Options = { SyncMode = SyncMode.PerCommit } };
        Wal wal = world.Open();
        List<Task<Lsn>> appends = [];
        world.Disk.Faults = operation =>
        {
            if (operation.Kind == DiskOperationKind.Sync && appends.Count < 5)
            {
                appends.Add(wal.AppendAsync(Payload).AsTask());
            }

            return FaultAction.None;
        };
        Task<Lsn> leading = wal.AppendAsync(Payload).AsTask();
        Assert.Equal(["lorawal-io"], world.Work.Pending);

        world.Work.RunNext();

        Assert.Empty(world.Work.Pending);
        Assert.Equal(5, appends.Count);
        await Task.WhenAll([leading, .. appends]).WaitAsync(Storm.HangGuard);
    }
}
