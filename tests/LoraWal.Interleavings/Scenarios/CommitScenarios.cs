using Microsoft.Coyote.Random;
using Microsoft.Coyote.Specifications;

namespace LoraWal.Interleavings.Scenarios;

/// <summary>The commit path, the latch and cancellation. Run by name, in the rewritten copy of this assembly.</summary>
internal static class CommitScenarios
{
    /// <summary>Blocking and asynchronous appenders, a sync and a tick of the flusher.</summary>
    public static async Task Appenders_syncs_and_ticks()
    {
        World world = new(SyncMode.PerCommit);
        Task[] all =
        [
            Task.Run(() => AppendTwiceAsync(world, 1, blocks: true)),
            Task.Run(() => AppendTwiceAsync(world, 11, blocks: false)),
            Task.Run(() => world.AppendAsync(21)),
            Task.Run(world.SyncAsync),
            Task.Run(world.Tick),
        ];
        await Task.WhenAll(all);

        Specification.Assert(
            world.Acknowledged.Order().SequenceEqual((ulong[])[1, 2, 3, 4, 5]),
            "the LSNs are not dense: {0}",
            string.Join(' ', world.Acknowledged.Order()));
        await world.CloseAsync();
        Specification.Assert(await world.CheckAfterPowerCutAsync() == TailVerdict.Clean, "closed, and not clean");
    }

    /// <summary>One of the syncs fails, beside others that are asked for, and appends.</summary>
    public static async Task A_sync_fails_beside_syncs_and_appends()
    {
        World world = new(SyncMode.PerCommit, failingSync: 1 + Generator.Create().NextInteger(3));
        Task[] all =
        [
            Task.Run(() => AppendTwiceAsync(world, 1, blocks: true)),
            Task.Run(() => AppendTwiceAsync(world, 11, blocks: false)),
            Task.Run(world.SyncAsync),
            Task.Run(world.SyncAsync),
            Task.Run(world.Tick),
        ];
        await Task.WhenAll(all);

        bool isPoisoned = world.Wal.Status.Fault is not null;
        Specification.Assert(await world.AppendAsync(99) == !isPoisoned, "the log is poisoned, and takes appends");
        await world.CloseAsync();
        await world.CheckAfterPowerCutAsync();
    }

    /// <summary>Tokens are cancelled while their appends are on their way; waiters are used again.</summary>
    public static async Task Cancellations_meet_completions()
    {
        World world = new(SyncMode.PerCommit);
        IEnumerable<Task> all = Enumerable.Range(0, 2).Select(i => Task.Run(async () =>
        {
            for (int round = 0; round < 2; round++)
            {
                using var cancellation = new CancellationTokenSource();
                Task<bool> append = world.AppendAsync((10 * i) + round, cancellationToken: cancellation.Token);
                Task cancel = Task.Run(cancellation.Cancel);
                await append;
                await cancel;
            }
        }));
        await Task.WhenAll(all);
        await world.CloseAsync();
        await world.CheckAfterPowerCutAsync();
    }

    private static async Task AppendTwiceAsync(World world, int tag, bool blocks)
    {
        for (int i = 0; i < 2; i++)
        {
            await world.AppendAsync(tag + i, cancellationToken: blocks ? null : CancellationToken.None);
        }
    }
}
