using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting.Tests;

public class LifetimeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Replay_ends_before_any_service_starts_and_the_log_closes_after_all_have_stopped(bool concurrently)
    {
        var opener = new FakeOpener();
        FakeWal log = opener.Log.With(1).With(2);
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.Configure<HostOptions>(options =>
        {
            options.ServicesStartConcurrently = concurrently;
            options.ServicesStopConcurrently = concurrently;
        });
        IWal? front = null;
        builder.Services.AddSingleton<IHostedService>(new ProbeService(
            log.Calls,
            async () => await front!.AppendAsync(default),
            async () => await front!.AppendAsync(default)));
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        using (IHost host = builder.Build())
        {
            front = host.Services.GetRequiredService<IWal>();
            var target = host.Services.GetRequiredService<CollectingTarget>();
            target.OnApply = transaction =>
            {
                log.Calls.Add($"apply {transaction.LastLsn}");
                return Task.CompletedTask;
            };
            await host.StartAsync();
            await host.StopAsync(new CancellationToken(canceled: true));
        }

        Assert.Equal(
            [
                "read after 0", "apply 1", "apply 2", "flusher runs", "service starts", "append 3",
                "service stops", "append 4", "flusher ended", "close", "dispose",
            ],
            log.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_start_that_fails_elsewhere_leaves_the_close_to_the_container(bool asynchronously)
    {
        var opener = new FakeOpener();
        FakeWal log = opener.Log;
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal();
        builder.Services.AddSingleton<IHostedService>(
            new ProbeService([], () => throw new InvalidDataException("elsewhere")));
        IHost host = builder.Build();
        await Assert.ThrowsAsync<InvalidDataException>(() => host.StartAsync());
        Assert.Equal(["flusher runs"], log.Calls);

        if (asynchronously)
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }
        else
        {
            host.Dispose();
        }

        host.Dispose();
        await log.FlusherEnded.Task;
        Assert.Contains("dispose", log.Calls);
        Assert.Equal(WalState.Closed, log.Status.State);
    }

    [Fact]
    public async Task The_front_refuses_writers_until_the_log_runs_and_knows_its_state_throughout()
    {
        var opener = new FakeOpener();
        opener.Log.With(1);
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        using IHost host = builder.Build();
        IWal front = host.Services.GetRequiredService<IWal>();
        IWalRecovery recovery = host.Services.GetRequiredService<IWalRecovery>();

        Assert.Equal(WalState.Opening, front.Status.State);
        Assert.False(front.Poisoned.IsCancellationRequested);
        Assert.Null(recovery.Report);
        var tooEarly = Assert.Throws<InvalidOperationException>(() => front.Append("x"u8));
        Assert.Contains("The log 'default' is not open yet", tooEarly.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => { _ = front.ReadAsync(); });

        var target = host.Services.GetRequiredService<CollectingTarget>();
        target.OnApply = async _ =>
        {
            Assert.Equal(WalState.Replaying, front.Status.State);
            var exception = Assert.Throws<InvalidOperationException>(() => front.Append("x"u8));
            Assert.Contains("is being replayed", exception.Message, StringComparison.Ordinal);
            Assert.Equal(1, await front.ReadAsync().CountAsync());
        };
        await host.StartAsync();
        Assert.Equal([new Lsn(1)], target.Applied);

        Assert.Equal(WalState.Running, front.Status.State);
        Assert.NotNull(recovery.Report);
        Assert.Equal(new Lsn(2), await front.AppendAsync("x"u8.ToArray()));
    }

    [Fact]
    public async Task After_a_failed_start_every_call_throws_its_cause()
    {
        var opener = new FakeOpener().Failing(1, () => new WalCorruptException("f", 1, new Lsn(2), "a", "b"));
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal();
        using IHost host = builder.Build();
        var cause = await Assert.ThrowsAsync<WalCorruptException>(() => host.StartAsync());

        IWal front = host.Services.GetRequiredService<IWal>();
        Assert.Same(cause, Assert.Throws<InvalidOperationException>(() => front.Append(default)).InnerException);
        Assert.Same(
            cause, Assert.Throws<InvalidOperationException>(() => { _ = front.ReadAsync(); }).InnerException);
        Assert.Equal(WalState.Closed, front.Status.State);
        Assert.Equal(1, opener.Attempts);
        HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(HealthStatus.Unhealthy, ready.Status);
        Assert.Same(cause, ready.Exception);
    }

    [Fact]
    public async Task Adding_the_log_twice_adds_it_once()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        opener.Log.With(1);
        using IHost host = builder.Build();
        await host.StartAsync();

        Assert.Equal(1, opener.Attempts);
        Assert.Equal([new Lsn(1)], host.Services.GetRequiredService<CollectingTarget>().Applied);
        Assert.Single(host.Services.GetServices<IWal>());
        var checks = host.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations;
        Assert.Equal(["lorawal-live", "lorawal-ready"], checks.Select(check => check.Name).Order());
        await host.StopAsync();
    }

    [Fact]
    public async Task A_default_log_and_keyed_ones_live_in_one_host()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(opener, ("LoraWal:Directory", "/wal"));
        builder.Services.AddLoraWal();
        builder.Services.AddKeyedLoraWal("audit");
        builder.Services.AddKeyedLoraWal("orders", options => options.SyncMode = SyncMode.PerCommit);
        using IHost host = builder.Build();
        await host.StartAsync();

        IServiceProvider services = host.Services;
        await services.GetRequiredKeyedService<IWal>("audit").AppendAsync(default);
        Assert.Equal(["flusher runs", "append 1"], opener.Logs["audit"].Calls);
        Assert.Equal(["flusher runs"], opener.Logs["default"].Calls);
        Assert.Equal("orders", services.GetRequiredKeyedService<IWal>("orders").Name);
        Assert.Equal("default", services.GetRequiredService<IWal>().Name);
        Assert.Equal(Path.Combine("/wal", "orders"), opener.Logs["orders"].OpenedWith!.Directory);
        Assert.Equal(HealthStatus.Healthy, (await services.CheckAsync("lorawal-live-audit")).Status);
        Assert.Equal(HealthStatus.Healthy, (await services.CheckAsync("lorawal-ready-orders")).Status);
        await host.StopAsync();
        Assert.All(opener.Logs.Values, log => Assert.Contains("close", log.Calls));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    public void A_key_that_cannot_name_a_directory_is_refused(string name) =>
        Assert.ThrowsAny<ArgumentException>(() => new ServiceCollection().AddKeyedLoraWal(name));

    [Fact]
    public async Task A_close_that_fails_fails_the_stop()
    {
        var opener = new FakeOpener();
        opener.Log.CloseFailure = new IOException("fdatasync: EIO");
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal();
        using IHost host = builder.Build();
        await host.StartAsync();

        var exception = await Assert.ThrowsAsync<IOException>(() => host.StopAsync());
        Assert.Equal("fdatasync: EIO", exception.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disposal_that_gives_up_on_a_hanging_sync_does_not_hide_why_the_host_ended(bool asynchronously)
    {
        var opener = new FakeOpener();
        opener.Log.DisposeFailure = new TimeoutException("a sync hangs");
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal();
        IHost host = builder.Build();
        await host.StartAsync();

        if (asynchronously)
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }
        else
        {
            host.Dispose();
        }

        Assert.Contains("dispose", opener.Log.Calls);
    }
}
