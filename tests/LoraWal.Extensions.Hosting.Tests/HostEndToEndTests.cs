using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>The host with the real engine, in a directory of its own.</summary>
public sealed class HostEndToEndTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("lorawal-host-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(SyncMode.GroupSync)]
    [InlineData(SyncMode.PerCommit)]
    [InlineData(SyncMode.None)]
    public async Task What_one_host_appends_the_next_one_replays(SyncMode mode)
    {
        using (IHost first = Build(options => options.SyncMode = mode))
        {
            await first.StartAsync();
            IWal log = first.Services.GetRequiredService<IWal>();
            Assert.Equal(new Lsn(1), await log.AppendAsync(Encoding.UTF8.GetBytes("one"), 7));
            using var batch = new WalBatch();
            batch.Add("two"u8);
            batch.Add("three"u8);
            Assert.Equal(new Lsn(3), await log.CommitAsync(batch));
            await first.StopAsync();
        }

        using IHost second = Build(options => options.SyncMode = mode);
        await second.StartAsync();
        Assert.Equal([new Lsn(1), new Lsn(3)], second.Services.GetRequiredService<CollectingTarget>().Applied);
        RecoveryReport? report = second.Services.GetRequiredService<IWalRecovery>().Report;
        Assert.Equal(TailVerdict.Clean, report?.Verdict);
        Assert.Equal(new Lsn(3), report?.LastLsn);
        HealthReportEntry ready = await second.Services.CheckAsync("lorawal-ready");
        Assert.Equal("Running", ready.Data["state"]);
        Assert.Equal(4UL, ready.Data["nextLsn"]);
        await second.StopAsync();
    }

    [Fact]
    public async Task Services_append_until_they_have_stopped()
    {
        IWal? log = null;
        HostApplicationBuilder builder = Builder(_ => { });
        builder.Services.AddSingleton<IHostedService>(new ProbeService(
            [],
            async () => await log!.AppendAsync(Encoding.UTF8.GetBytes("first")),
            async () => await log!.AppendAsync(Encoding.UTF8.GetBytes("last"))));
        builder.Services.AddLoraWal();
        using (IHost host = builder.Build())
        {
            log = host.Services.GetRequiredService<IWal>();
            await host.StartAsync();
            await host.StopAsync(new CancellationToken(canceled: true));
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await log.AppendAsync(default));
        }

        using IHost next = Build(_ => { });
        await next.StartAsync();
        Assert.Equal([new Lsn(1), new Lsn(2)], next.Services.GetRequiredService<CollectingTarget>().Applied);
    }

    [Fact]
    public async Task What_a_target_holds_fences_an_empty_directory()
    {
        using IHost host = Build(_ => { });
        host.Services.GetRequiredService<CollectingTarget>().Held = new Lsn(41);
        await host.StartAsync();
        Assert.Equal(new Lsn(42), await host.Services.GetRequiredService<IWal>().AppendAsync(default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_start_that_failed_disposal_releases_the_directory(bool asynchronously)
    {
        HostApplicationBuilder builder = Builder(_ => { });
        builder.Services.AddLoraWal();
        builder.Services.AddSingleton<IHostedService>(
            new ProbeService([], () => throw new InvalidDataException("elsewhere")));
        IHost failed = builder.Build();
        await Assert.ThrowsAsync<InvalidDataException>(() => failed.StartAsync());
        if (asynchronously)
        {
            await ((IAsyncDisposable)failed).DisposeAsync();
        }
        else
        {
            failed.Dispose();
        }

        using IHost next = Build(options => options.Open.MaxRetryAttempts = 0);
        await next.StartAsync();
        Assert.Equal(WalState.Running, next.Services.GetRequiredService<IWal>().Status.State);
    }

    [Fact]
    public async Task A_second_host_on_the_directory_is_refused_with_the_owner()
    {
        using IHost owner = Build(_ => { });
        await owner.StartAsync();
        using IHost second = Build(options => options.Open.MaxRetryAttempts = 0);
        var exception = await Assert.ThrowsAsync<WalInUseException>(() => second.StartAsync());
        Assert.Equal(Environment.ProcessId, exception.ProcessId);
    }

    [Fact]
    public async Task A_default_log_and_a_keyed_one_share_a_directory_tree()
    {
        for (int round = 1; round <= 2; round++)
        {
            HostApplicationBuilder builder = Builder(_ => { });
            builder.Services.AddLoraWal();
            builder.Services.AddKeyedLoraWal("audit");
            using IHost host = builder.Build();
            await host.StartAsync();
            Lsn main = await host.Services.GetRequiredService<IWal>().AppendAsync(default);
            Lsn audit = await host.Services.GetRequiredKeyedService<IWal>("audit").AppendAsync(default);
            Assert.Equal(new Lsn((ulong)round), main);
            Assert.Equal(new Lsn((ulong)round), audit);
            await host.StopAsync();
        }
    }

    private HostApplicationBuilder Builder(Action<LoraWalOptions> configure)
    {
        HostApplicationBuilder builder = HostFixture.Builder(null, ("LoraWal:Directory", _directory));
        builder.Services.ConfigureAll(configure);
        return builder;
    }

    private IHost Build(Action<LoraWalOptions> configure)
    {
        HostApplicationBuilder builder = Builder(configure);
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        return builder.Build();
    }
}
