using Microsoft.Coyote.Random;
using Microsoft.Coyote.Specifications;

namespace LoraWal.Interleavings.Scenarios;

/// <summary>Closing beside everything else: every call that waits ends, whatever happens.</summary>
internal static class CloseScenarios
{
    /// <summary>Appends of all kinds, a sync and a tick, while the log is closed; perhaps a sync fails.</summary>
    public static async Task Closing_beside_appends_and_a_failing_sync()
    {
        World world = new(SyncMode.GroupSync, failingSync: Generator.Create().NextInteger(4));
        Task[] all =
        [
            Task.Run(() => world.AppendAsync(1)),
            Task.Run(() => world.AppendAsync(2, cancellationToken: CancellationToken.None)),
            Task.Run(() => world.AppendAsync(3, durability: AppendDurability.Buffered)),
            Task.Run(world.SyncAsync),
            Task.Run(world.Tick),
            Task.Run(world.CloseAsync),
        ];
        await Task.WhenAll(all);

        bool isPoisoned = world.Wal.Status.Fault is not null;
        Specification.Assert(!await world.AppendAsync(99), "the log is closed, and takes appends");
        bool isClean = await world.CheckAfterPowerCutAsync() == TailVerdict.Clean;
        Specification.Assert(isClean == !isPoisoned, "poisoned: {0}, but closed clean: {1}", isPoisoned, isClean);
    }

    /// <summary>Appends wait for room, and are cancelled, or meet the end of the log.</summary>
    public static async Task Closing_beside_appends_that_wait_for_room()
    {
        const int Most = 1024;
        World world = new(SyncMode.PerCommit, failingSync: Generator.Create().NextInteger(4), options =>
        {
            options.MaxTransactionBytes = Most;
            options.MaxPendingBytes = Most;
        });
        using var cancellation = new CancellationTokenSource();
        Task[] all =
        [
            Task.Run(() => world.AppendAsync(1, Most)),
            Task.Run(() => world.AppendAsync(2, Most)),
            Task.Run(() => world.AppendAsync(3, Most, cancellationToken: CancellationToken.None)),
            Task.Run(() => world.AppendAsync(4, Most, cancellationToken: cancellation.Token)),
            Task.Run(() => world.AppendAsync(5, Most, AppendDurability.Buffered, cancellation.Token)),
            Task.Run(cancellation.Cancel),
            Task.Run(world.CloseAsync),
        ];
        await Task.WhenAll(all);
        await world.CheckAfterPowerCutAsync();
    }
}
