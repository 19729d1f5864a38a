using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace LoraWal.Extensions.Hosting.Tests;

public sealed class RetentionTests : IDisposable
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("lorawal-retention-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task It_runs_from_when_every_service_has_started_until_the_first_one_stops()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(
            opener, ("LoraWal:Directory", "wal"), ("LoraWal:Retention:MaxRecords", "5"));
        builder.Services.AddLoraWal();
        builder.Services.AddSingleton<IHostedService>(new ProbeService(opener.Log.Calls));
        using IHost host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();

        Assert.Equal(
            [
                "flusher runs", "service starts", "retention runs", "retention ended", "service stops",
                "flusher ended", "close",
            ],
            opener.Log.Calls);
    }

    [Fact]
    public async Task Without_a_limit_it_does_not_run()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(
            opener, ("LoraWal:Directory", "wal"), ("LoraWal:Retention:Interval", "00:00:10"));
        builder.Services.AddLoraWal();
        using IHost host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();

        Assert.DoesNotContain("retention runs", opener.Log.Calls);
    }

    [Fact]
    public async Task A_log_with_a_replay_target_loses_nothing_above_its_checkpoint()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(
            opener, ("LoraWal:Directory", "wal"), ("LoraWal:Retention:MaxRecords", "5"));
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        builder.Services.AddKeyedLoraWal("audit");
        using IHost host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();

        Assert.Contains("retention runs below the checkpoint", opener.Logs["default"].Calls);
        Assert.Contains("retention runs", opener.Logs["audit"].Calls);
    }

    [Fact]
    public async Task A_log_that_is_truncated_behind_snapshots_is_refused_limits()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(
            opener, ("LoraWal:Directory", "wal"), ("LoraWal:Logs:audit:Retention:MaxAge", "1.00:00:00"));
        builder.Services.AddLoraWal().AddStateMachine<NoMachine>("counters");
        builder.Services.AddKeyedLoraWal("audit").AddStateMachine<NoMachine>("trail");
        using IHost host = builder.Build();

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Equal(
            "LoraWal:Logs:audit:Retention sets a limit, but the state machine 'trail' truncates the log behind its "
            + "snapshots. Remove the limits, or the state machine.",
            failure.Message);
        Assert.Equal(0, opener.Attempts);
    }

    [Fact]
    public async Task A_replay_target_beside_a_state_machine_is_refused()
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(opener, ("LoraWal:Directory", "wal"));
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>().AddStateMachine<NoMachine>("counters");
        using IHost host = builder.Build();

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.StartsWith(
            "LoraWal:Directory: the log has the replay target CollectingTarget, but the state machine 'counters' "
            + "truncates the log behind its snapshots",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Equal(0, opener.Attempts);
    }

    [Fact]
    public async Task Segments_go_by_age_while_the_host_runs_and_readers_are_told()
    {
        var time = new FakeTimeProvider();
        HostApplicationBuilder builder = HostFixture.Builder(
            null,
            ("LoraWal:Directory", _directory),
            ("LoraWal:SegmentTargetBytes", "65536"),
            ("LoraWal:Retention:MaxAge", "01:00:00"),
            ("LoraWal:Retention:Interval", "00:10:00"));
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddLoraWal();
        var truncated = new EventSignal(402);
        builder.Services.AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(truncated);
        using IHost host = builder.Build();
        await host.StartAsync();
        IWal log = host.Services.GetRequiredService<IWal>();
        for (int i = 0; i < 30; i++)
        {
            await log.AppendAsync(new byte[10_000], durability: AppendDurability.Durable);
        }

        time.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal(new Lsn(1), log.Status.OldestLsn);
        await log.AppendAsync(new byte[60_000], durability: AppendDurability.Durable);
        time.Advance(TimeSpan.FromMinutes(20));
        await truncated.Seen.WaitAsync(HangGuard);

        Assert.Equal(new Lsn(26), log.Status.OldestLsn); // the last old segment ended 20 minutes ago: it stays
        var failure = await Assert.ThrowsAsync<WalTruncatedException>(async () =>
        {
            await foreach (WalTransaction unused in log.ReadAsync(new WalReadOptions(After: Lsn.None)))
            {
                Assert.Fail($"LSN {unused.FirstLsn} is gone.");
            }
        });
        Assert.Equal(new Lsn(26), failure.Oldest);
        await host.StopAsync();
    }
}

/// <summary>Never started.</summary>
internal sealed class NoMachine : IWalStateMachine
{
    public void Apply(in WalRecord record) => throw new NotSupportedException();

    public ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
