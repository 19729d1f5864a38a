using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace LoraWal.Extensions.Hosting.Tests;

public class HealthTests
{
    private readonly FakeOpener _opener = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_log_that_is_opened_is_live_and_not_ready()
    {
        using IHost host = Build();
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-live")).Status);
        HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(HealthStatus.Unhealthy, ready.Status);
        Assert.Equal("The log is being opened.", ready.Description);
    }

    [Fact]
    public async Task A_running_log_is_live_and_ready_and_reports_its_numbers()
    {
        _opener.Log.Free = 1L << 40;
        _opener.Log.Status = new WalStatus
        {
            State = WalState.Running,
            NextLsn = new Lsn(12),
            WrittenLsn = new Lsn(11),
            DurableLsn = new Lsn(10),
            OldestLsn = new Lsn(3),
            ActiveSegmentId = 5,
            OldestSegmentId = 2,
            OldestUnsyncedAge = TimeSpan.FromMilliseconds(20),
        };
        using IHost host = await StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-live")).Status);
        HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(HealthStatus.Healthy, ready.Status);
        Assert.Equal(
            new Dictionary<string, object>
            {
                ["state"] = "Running",
                ["nextLsn"] = 12UL,
                ["durableLsn"] = 10UL,
                ["oldestLsn"] = 3UL,
                ["activeSegmentId"] = 5L,
                ["oldestSegmentId"] = 2L,
                ["oldestUnsyncedMs"] = 20L,
                ["freeBytes"] = 1L << 40,
                ["replayProgress"] = 1.0,
            },
            ready.Data);
    }

    [Fact]
    public async Task A_cursor_that_holds_back_too_much_makes_the_log_degraded_with_its_name_and_lsn()
    {
        _opener.Log.Status = new WalStatus { State = WalState.Running };
        _opener.Log.Cursors =
        [
            new WalCursorInfo { Name = "feed", Position = new Lsn(7), LagBytes = 50, MaxLagBytes = 50 },
        ];
        using IHost host = await StartAsync();
        HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(HealthStatus.Healthy, ready.Status);
        Assert.Equal((7UL, 50L), (ready.Data["cursors.feed.lsn"], ready.Data["cursors.feed.lagBytes"]));

        _opener.Log.Cursors = [_opener.Log.Cursors[0] with { LagBytes = 51 }];
        ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(
            (HealthStatus.Degraded,
                "The cursor 'feed' at LSN 7 keeps 51 bytes from truncation, more than its MaxLagBytes (50)."),
            (ready.Status, ready.Description));

        var problem = new WalCursorException("feed", "/wal", WalCursorProblem.Damaged, "is damaged");
        _opener.Log.Cursors = [new WalCursorInfo { Name = "feed", Problem = problem }];
        ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal((HealthStatus.Degraded, problem.Message), (ready.Status, ready.Description));
    }

    [Fact]
    public async Task A_poisoned_log_is_neither_live_nor_ready_and_says_why()
    {
        using IHost host = await StartAsync();
        _opener.Log.Poison("bg fsync failed: EIO");
        foreach (string name in new[] { "lorawal-live", "lorawal-ready" })
        {
            HealthReportEntry check = await host.Services.CheckAsync(name);
            Assert.Equal(HealthStatus.Unhealthy, check.Status);
            Assert.Equal("The log is poisoned: bg fsync failed: EIO", check.Description);
            Assert.Equal("bg fsync failed: EIO", check.Data["bgFailure"]);
            Assert.IsType<IOException>(check.Exception);
        }
    }

    [Fact]
    public async Task A_full_log_is_live_and_not_ready()
    {
        using IHost host = await StartAsync();
        Set(status => status with { State = WalState.Full });
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-live")).Status);
        Assert.Equal(HealthStatus.Unhealthy, (await host.Services.CheckAsync("lorawal-ready")).Status);
    }

    [Theory]
    [InlineData(SyncMode.GroupSync, 2000, HealthStatus.Healthy)]
    [InlineData(SyncMode.GroupSync, 2001, HealthStatus.Degraded)]
    [InlineData(SyncMode.GroupSync, 10000, HealthStatus.Degraded)]
    [InlineData(SyncMode.GroupSync, 10001, HealthStatus.Unhealthy)]
    [InlineData(SyncMode.PerCommit, 2001, HealthStatus.Degraded)]
    [InlineData(SyncMode.None, 3600000, HealthStatus.Healthy)]
    public async Task Readiness_follows_the_age_of_what_is_not_synced(SyncMode mode, int ageMs, HealthStatus expected)
    {
        using IHost host = await StartAsync(options => options.SyncMode = mode);
        Set(status => status with { OldestUnsyncedAge = TimeSpan.FromMilliseconds(ageMs) });
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-live")).Status);
        Assert.Equal(expected, (await host.Services.CheckAsync("lorawal-ready")).Status);
    }

    [Theory]
    [InlineData(100, HealthStatus.Healthy)]
    [InlineData(99, HealthStatus.Degraded)]
    [InlineData(50, HealthStatus.Degraded)]
    [InlineData(49, HealthStatus.Unhealthy)]
    public async Task Readiness_follows_the_free_bytes_as_last_sampled(long free, HealthStatus expected)
    {
        using IHost host = await StartAsync(options =>
        {
            options.Health.MinFreeBytesDegraded = 100;
            options.Health.MinFreeBytesUnhealthy = 50;
        });
        _opener.Log.Free = free;
        HealthReportEntry before = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(HealthStatus.Healthy, before.Status);
        Assert.DoesNotContain("freeBytes", before.Data.Keys);

        _time.Advance(TimeSpan.FromSeconds(5));
        HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(expected, ready.Status);
        Assert.Equal(free, ready.Data["freeBytes"]);
    }

    [Fact]
    public async Task A_host_that_stops_is_live_and_not_ready()
    {
        HealthReportEntry? stopping = null;
        HostApplicationBuilder builder = HostFixture.Builder(_opener);
        builder.Services.AddLoraWal();
        IHost? host = null;
        builder.Services.AddSingleton<IHostedService>(new ProbeService(
            [], onStop: async () => stopping = await host!.Services.CheckAsync("lorawal-ready")));
        using (host = builder.Build())
        {
            await host.StartAsync();
            await host.StopAsync();
            Assert.Equal("The host is stopping.", stopping?.Description);
            Assert.Equal(HealthStatus.Unhealthy, stopping?.Status);
            HealthReportEntry closed = await host.Services.CheckAsync("lorawal-ready");
            Assert.Equal("The log is closed.", closed.Description);
            Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-live")).Status);
        }
    }

    [Fact]
    public void The_checks_carry_the_tags_that_probes_select()
    {
        using IHost host = Build();
        var checks = host.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations;
        Assert.Equal(["live"], checks.Single(check => check.Name == "lorawal-live").Tags);
        Assert.Equal(["ready"], checks.Single(check => check.Name == "lorawal-ready").Tags);
    }

    private void Set(Func<WalStatus, WalStatus> change) => _opener.Log.Status = change(_opener.Log.Status);

    private IHost Build(Action<LoraWalOptions>? configure = null)
    {
        HostApplicationBuilder builder = HostFixture.Builder(_opener);
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddLoraWal(configure ?? (_ => { }));
        return builder.Build();
    }

    private async Task<IHost> StartAsync(Action<LoraWalOptions>? configure = null)
    {
        IHost host = Build(configure);
        await host.StartAsync();
        return host;
    }
}
