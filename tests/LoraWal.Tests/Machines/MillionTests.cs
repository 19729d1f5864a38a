using LoraWal.TestSupport;

namespace LoraWal.Tests.Machines;

public class MillionTests
{
    private const int Records = 1_000_000;
    private const int SnapshotAt = 900_000;
    private const int BatchRecords = 1_000;

    [Fact]
    public async Task A_million_records_start_from_a_snapshot_at_900_000_and_100_000_records_above_it()
    {
        using TemporaryDirectory directory = new();
        WalOptions options = new() { Directory = directory.Path };
        SnapshotOptions snapshots = new() { EveryBytes = 0, OnShutdown = false };
        (long Count, ulong Hash) live;
        await using (Wal wal = await Wal.OpenAsync(options))
        {
            await using WalStateMachine<FoldMachine> host = await WalStateMachine.OpenAsync(
                wal, new FoldMachine { KeepsApplied = false }, snapshots);
            using WalBatch batch = new();
            for (int first = 1; first <= Records; first += BatchRecords)
            {
                if (first == SnapshotAt + 1)
                {
                    Assert.Equal(new Lsn(SnapshotAt), await host.CheckpointAsync());
                }

                batch.Clear();
                for (int number = first; number < first + BatchRecords; number++)
                {
                    batch.Add(BitConverter.GetBytes(number * 31), (ushort)(number % 7));
                }

                await host.ExecuteAsync(batch);
            }

            live = host.Read(state => state.State);
        }

        await using Wal again = await Wal.OpenAsync(options);
        FoldMachine loaded = new();
        FoldMachine replayed = new() { KeepsApplied = false };
        await using WalStateMachine<FoldMachine> one = await WalStateMachine.OpenAsync(again, loaded, snapshots);
        await using WalStateMachine<FoldMachine> all = await WalStateMachine.OpenAsync(
            again, replayed, snapshots, "all");
        Assert.Equal(new Lsn(SnapshotAt), loaded.LoadedAt);
        Assert.Equal(Records - SnapshotAt, loaded.Applied.Count);
        Assert.Equal(0, replayed.Loads);
        Assert.Equal(Records, replayed.State.Count);
        Assert.Equal(replayed.State, loaded.State);
        Assert.Equal(live, loaded.State);
    }
}
