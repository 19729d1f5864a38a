using Microsoft.Coyote.Specifications;

namespace LoraWal.Interleavings.Scenarios;

/// <summary>Readers beside the writer, rotation and truncation.</summary>
internal static class ReaderScenarios
{
    private const int Records = 4;
    private const int Bytes = 24 * 1024; // two to a segment

    /// <summary>A reader that follows sees everything that becomes durable, in order, and nothing before.</summary>
    public static async Task A_reader_follows_the_durable_edge_over_rotations()
    {
        World world = new(SyncMode.GroupSync);
        Task reading = Task.Run(async () =>
        {
            ulong seen = await ReadAsync(world, new WalReadOptions(Follow: true, UpTo: new Lsn(Records)));
            Specification.Assert(seen == Records, "the reader ended at LSN {0}", seen);
        });
        await WriteAsync(world);
        await reading;
        await world.CloseAsync();
        await world.CheckAfterPowerCutAsync();
    }

    /// <summary>A reader meets the segments going, and the log's end.</summary>
    public static async Task Readers_beside_rotation_truncation_and_close()
    {
        World world = new(SyncMode.GroupSync);
        Task[] readers =
        [
            Task.Run(() => ReadAsync(world, new WalReadOptions(Follow: true))),
            Task.Run(() => ReadAsync(world, default)),
        ];
        await WriteAsync(world);
        Task truncating = Task.Run(async () => await world.Wal.TruncateAsync(new Lsn(Records)));
        Task<ulong> late = Task.Run(() => ReadAsync(world, default));
        await truncating;
        await world.CloseAsync();
        await Task.WhenAll(readers);
        await late;
        await world.CheckAfterPowerCutAsync();
    }

    private static async Task WriteAsync(World world)
    {
        for (int i = 1; i <= Records; i++)
        {
            bool isDurable = i % 2 == 0;
            await world.AppendAsync(
                i, Bytes, isDurable ? AppendDurability.Durable : AppendDurability.Written, CancellationToken.None);
        }
    }

    private static async Task<ulong> ReadAsync(World world, WalReadOptions options)
    {
        ulong last = 0;
        try
        {
            await foreach (WalTransaction transaction in world.Wal.ReadAsync(options))
            {
                ulong lsn = transaction.LastLsn.Value;
                Specification.Assert(last == 0 || lsn == last + 1, "LSN {0} follows {1}", lsn, last);
                last = lsn;
                Specification.Assert(lsn <= world.Wal.Status.DurableLsn.Value, "LSN {0} was read too early", lsn);
                int tag = World.TagOf(transaction);
                Specification.Assert(tag == (int)lsn, "LSN {0} is record {1}", lsn, tag);
                Specification.Assert(
                    world.IsOnDisk(tag) || world.Wal.Status.OldestLsn.Value > lsn, "LSN {0} is not on the disk", lsn);
            }
        }
        catch (WalTruncatedException)
        {
            // truncated meanwhile
        }
        catch (ObjectDisposedException)
        {
            // closed meanwhile
        }

        return last;
    }
}
