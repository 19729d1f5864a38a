using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>What a consumer does when its position, or its dead-letter log, fails.</summary>
public class ConsumerFaultTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_position_that_cannot_be_stored_is_tried_again_and_nothing_is_handed_over_meanwhile()
    {
        var source = new FakeCursorSource("a", "b");
        source.Failures.Enqueue(new IOException("no space"));
        source.Failures.Enqueue(new IOException("no space"));
        var sink = new Sink(wanted: 2);
        using IHost host = await StartAsync(sink, source);
        await sink.First.Task;
        Assert.Equal(["a"], sink.Seen);
        Assert.Equal(Lsn.None, source.Position);

        await PumpUntilAsync(() => Task.FromResult(sink.Done.Task.IsCompleted && source.Position == new Lsn(2)));

        Assert.Equal(["a", "b"], sink.Seen);
        Assert.Empty(source.Failures);
        await host.StopAsync();
    }

    [Fact]
    public async Task When_the_dead_letter_log_refuses_the_record_the_consumer_stops_and_the_position_stays()
    {
        var source = new FakeCursorSource("a", "bad", "c");
        var sink = new Sink(wanted: 3) { Poison = "bad" };
        using IHost host = await StartAsync(sink, source, "dead"); // the fake log takes no batches
        HealthReportEntry ready = default;
        await PumpUntilAsync(async () =>
            (ready = await host.Services.CheckAsync("lorawal-ready")).Status == HealthStatus.Degraded);

        Assert.StartsWith("The consumer 'feed' has stopped at LSN 2: ", ready.Description, StringComparison.Ordinal);
        Assert.Equal(["a"], sink.Seen);
        Assert.Equal(new Lsn(1), source.Position);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_consumer_ends_with_a_poisoned_log_and_says_where()
    {
        var source = new FakeCursorSource("a");
        source.Failures.Enqueue(new WalPoisonedException(
            new WalFault("fsync failed", new Lsn(1), DateTimeOffset.UnixEpoch, new IOException("EIO")), true));
        using IHost host = await StartAsync(new Sink(wanted: 1), source);
        HealthReportEntry ready = default;
        await PumpUntilAsync(async () =>
            (ready = await host.Services.CheckAsync("lorawal-ready")).Status == HealthStatus.Degraded);

        Assert.StartsWith("The consumer 'feed' has stopped at LSN 1: ", ready.Description, StringComparison.Ordinal);
        Assert.Equal(Lsn.None, source.Position);
        await host.StopAsync();
    }

    private async Task<IHost> StartAsync(Sink sink, FakeCursorSource source, string? deadLetter = null)
    {
        var opener = new FakeOpener();
        opener.Logs["default"] = new FakeWal
        {
            CursorSource = source,
            Status = new WalStatus { State = WalState.Running },
        };
        opener.Logs["dead"] = new FakeWal { Status = new WalStatus { State = WalState.Running } };
        HostApplicationBuilder builder = HostFixture.Builder(opener, ("LoraWal:Directory", "wal"));
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton(sink);
        builder.Services.AddLoraWal().AddConsumer<Sink>("feed", options =>
        {
            options.MaxRecords = 1;
            options.MaxRetryAttempts = 1;
            options.DeadLetter = deadLetter;
        });
        builder.Services.AddKeyedLoraWal("dead");
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private async Task PumpUntilAsync(Func<Task<bool>> isDone)
    {
        while (!await isDone())
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }
    }
}
