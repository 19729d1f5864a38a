using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

public class ReplayTests
{
    [Fact]
    public async Task Targets_load_before_the_log_opens_and_the_greatest_LSN_they_hold_fences_it()
    {
        var opener = new FakeOpener();
        opener.Log.With(1).With(2).With(3).With(4);
        List<string> order = [];
        opener.OnOpen = () => order.Add("open");
        using IHost host = Build(opener, out CollectingTarget first, out SecondTarget second);
        first.Held = new Lsn(1);
        first.OnLoad = () => order.Add("load");
        second.Held = new Lsn(3);
        second.OnLoad = () => order.Add("load");
        await host.StartAsync();

        Assert.Equal(["load", "load", "open"], order);
        Assert.Equal(new Lsn(3), opener.Log.OpenedWith!.ReplayAfter);
    }

    [Fact]
    public async Task One_pass_feeds_every_target_what_lies_above_its_own_LSN()
    {
        var opener = new FakeOpener();
        FakeWal log = opener.Log.With(1).With(2).With(3).With(4);
        using IHost host = Build(opener, out CollectingTarget first, out SecondTarget second);
        first.Held = new Lsn(1);
        second.Held = new Lsn(3);
        await host.StartAsync();

        Assert.Equal([new Lsn(2), new Lsn(3), new Lsn(4)], first.Applied);
        Assert.Equal([new Lsn(4)], second.Applied);
        Assert.Equal(new WalReadOptions(After: new Lsn(1)), log.LastRead);
        Assert.Single(log.Calls, call => call.StartsWith("read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_fence_set_in_code_holds_for_every_target()
    {
        var opener = new FakeOpener();
        opener.Log.With(1).With(2).With(3);
        using IHost host = Build(
            opener, out CollectingTarget first, out SecondTarget _, options => options.ReplayAfter = new Lsn(2));
        await host.StartAsync();

        Assert.Equal([new Lsn(3)], first.Applied);
        Assert.Equal(new Lsn(2), opener.Log.OpenedWith!.ReplayAfter);
    }

    [Fact]
    public async Task A_target_that_throws_stops_the_start_and_the_message_names_it_and_the_LSN()
    {
        var opener = new FakeOpener();
        opener.Log.With(1).With(2);
        using IHost host = Build(opener, out CollectingTarget _, out SecondTarget second);
        var cause = new FormatException("not a number");
        second.OnApply = transaction => transaction.LastLsn == new Lsn(2) ? throw cause : Task.CompletedTask;

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
        Assert.Equal(
            "The replay target LoraWal.Extensions.Hosting.Tests.SecondTarget failed on the transaction at LSN 2 to 2 "
            + "of the log 'default': not a number",
            exception.Message);
        Assert.Same(cause, exception.InnerException);
        host.Dispose();
        Assert.Contains("dispose", opener.Log.Calls);
    }

    [Fact]
    public async Task A_target_that_cannot_load_stops_the_start_before_the_log_is_opened()
    {
        var opener = new FakeOpener();
        using IHost host = Build(opener, out CollectingTarget first, out SecondTarget _);
        first.OnLoad = () => throw new FormatException("torn snapshot");

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
        Assert.Contains("CollectingTarget", exception.Message, StringComparison.Ordinal);
        Assert.Contains("failed to load its state: torn snapshot", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, opener.Attempts);
    }

    [Fact]
    public async Task A_target_that_needs_truncated_records_stops_the_start()
    {
        var opener = new FakeOpener();
        FakeWal log = opener.Log.With(6);
        log.Status = log.Status with { OldestLsn = new Lsn(6) };
        using IHost host = Build(opener, out CollectingTarget first, out SecondTarget _);
        first.Held = new Lsn(5);

        var exception = await Assert.ThrowsAsync<WalTruncatedException>(() => host.StartAsync());
        Assert.Equal(Lsn.None, exception.Asked);
    }

    [Fact]
    public async Task Progress_is_reported_while_targets_catch_up()
    {
        var opener = new FakeOpener();
        opener.Log.With(1).With(2).With(3).With(4);
        using IHost host = Build(opener, out CollectingTarget first, out SecondTarget second);
        second.Held = new Lsn(4);
        List<object> progress = [];
        first.OnApply = async _ =>
        {
            HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
            Assert.Equal(HealthStatus.Unhealthy, ready.Status);
            progress.Add(ready.Data["replayProgress"]);
        };
        await host.StartAsync();

        Assert.Equal([0.0, 0.25, 0.5, 0.75], progress);
        Assert.Equal(1.0, (await host.Services.CheckAsync("lorawal-ready")).Data["replayProgress"]);
    }

    [Fact]
    public async Task Giving_up_the_start_ends_replay_as_a_cancellation()
    {
        var opener = new FakeOpener();
        opener.Log.With(1).With(2);
        using IHost host = Build(opener, out CollectingTarget first, out SecondTarget _);
        using var giveUp = new CancellationTokenSource();
        first.OnApply = _ => giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.StartAsync(giveUp.Token));
    }

    [Fact]
    public async Task A_keyed_log_takes_the_target_registered_under_its_key()
    {
        var opener = new FakeOpener();
        opener.Log.With(1);
        opener.Logs["audit"] = new FakeWal().With(1).With(2);
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        builder.Services.AddKeyedSingleton<CollectingTarget>("audit");
        builder.Services.AddKeyedLoraWal("audit").AddReplayTarget<CollectingTarget>();
        using IHost host = builder.Build();
        await host.StartAsync();

        Assert.Single(host.Services.GetRequiredService<CollectingTarget>().Applied);
        Assert.Equal(2, host.Services.GetRequiredKeyedService<CollectingTarget>("audit").Applied.Count);
    }

    private static IHost Build(
        FakeOpener opener,
        out CollectingTarget first,
        out SecondTarget second,
        Action<LoraWalOptions>? configure = null)
    {
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal(configure ?? (_ => { }))
            .AddReplayTarget<CollectingTarget>()
            .AddReplayTarget<SecondTarget>();
        IHost host = builder.Build();
        first = host.Services.GetRequiredService<CollectingTarget>();
        second = host.Services.GetRequiredService<SecondTarget>();
        return host;
    }
}
