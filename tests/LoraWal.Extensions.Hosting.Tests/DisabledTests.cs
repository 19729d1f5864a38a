using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

public class DisabledTests
{
    [Fact]
    public async Task A_log_that_is_switched_off_accepts_everything_and_opens_nothing()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(opener, ("LoraWal:Enabled", "false"));
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        using IHost host = builder.Build();
        bool loaded = false;
        var target = host.Services.GetRequiredService<CollectingTarget>();
        target.OnLoad = () => loaded = true;
        await host.StartAsync();

        IWal log = host.Services.GetRequiredService<IWal>();
        using var batch = new WalBatch();
        batch.Add("x"u8);
        Assert.Equal(Lsn.None, log.Append("x"u8));
        Assert.Equal(Lsn.None, await log.AppendAsync("x"u8.ToArray(), durability: AppendDurability.Durable));
        Assert.Equal(Lsn.None, await log.CommitAsync(batch));
        Assert.Equal(Lsn.None, await log.SyncAsync());
        await log.WaitForDurableAsync(Lsn.None);
        await log.CheckpointAsync(Lsn.None);
        Assert.Equal(0, (await log.TruncateAsync(Lsn.None)).SegmentsDeleted);
        Assert.Equal(0, await log.ReadAsync().CountAsync());
        Assert.Equal(WalState.Disabled, log.Status.State);
        Assert.Equal(0, opener.Attempts);
        Assert.True(loaded);
        Assert.Empty(target.Applied);
        foreach (string name in new[] { "lorawal-live", "lorawal-ready" })
        {
            HealthReportEntry check = await host.Services.CheckAsync(name);
            Assert.Equal(HealthStatus.Healthy, check.Status);
            Assert.Contains("disabled", check.Description, StringComparison.Ordinal);
        }

        await host.StopAsync();
    }

    [Fact]
    public async Task Arguments_of_a_log_that_is_switched_off_still_count()
    {
        var log = new DisabledWal("off", new WalRecordTypes());
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await log.CommitAsync(null!));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await log.AppendAsync(default, cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await log.SyncAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await log.WaitForDurableAsync(Lsn.None, cancelled));
    }

    [Fact]
    public async Task A_follower_of_a_log_that_is_switched_off_waits_until_it_closes()
    {
        var log = new DisabledWal("off", new WalRecordTypes());
        Task<int> count = log.ReadAsync(new WalReadOptions(Follow: true)).CountAsync().AsTask();
        Assert.False(count.IsCompleted);
        await log.CloseAsync();
        Assert.Equal(0, await count);
    }

    [Fact]
    public void Switched_off_needs_no_host()
    {
        var services = new ServiceCollection();
        services.AddLoraWal(options => options.Enabled = false);
        using ServiceProvider provider = services.BuildServiceProvider();
        IWal log = provider.GetRequiredService<IWal>();
        Assert.Equal(Lsn.None, log.Append("x"u8));
        Assert.Equal(WalState.Disabled, log.Status.State);
    }
}
