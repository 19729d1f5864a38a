using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.Retry;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>Consumers with the real engine: at least once, in order, and what becomes of one that fails.</summary>
public sealed class ConsumerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("lorawal-consumer-").FullName;
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_consumer_sees_every_record_in_order_and_goes_on_where_it_was_acknowledged()
    {
        var sink = new Sink(wanted: 5);
        using (IHost host = await StartAsync(sink))
        {
            await AppendAsync(host, "a", "b", "c", "d", "e");
            await sink.Done.Task;
            await host.StopAsync();
        }

        var again = new Sink(wanted: 2);
        using IHost second = await StartAsync(again);
        await AppendAsync(second, "f", "g");
        await again.Done.Task;
        await second.StopAsync();

        Assert.Equal(["a", "b", "c", "d", "e"], sink.Seen);
        Assert.Equal(["f", "g"], again.Seen);
    }

    [Fact]
    public async Task A_batch_ends_with_the_transaction_that_fills_it()
    {
        HostApplicationBuilder builder = Builder(new Sink(wanted: 0));
        using (IHost host = builder.Build())
        {
            await host.StartAsync();
            await AppendAsync(host, "a", "b", "c", "d", "e", "fffffff");
            await host.StopAsync();
        }

        // All of it is there before the consumer starts, so the batches are as full as they may be.
        foreach ((WalConsumerOptions limits, int[] expected) in new[]
        {
            (new WalConsumerOptions { MaxRecords = 4 }, new[] { 4, 2 }),
            (new WalConsumerOptions { MaxRecords = 1 }, [1, 1, 1, 1, 1, 1]),
            (new WalConsumerOptions { MaxBytes = 2 }, [2, 2, 2]),
        })
        {
            var sink = new Sink(wanted: 6);
            using IHost host = await StartAsync(sink, options =>
            {
                options.MaxRecords = limits.MaxRecords;
                options.MaxBytes = limits.MaxBytes;
                options.Linger = TimeSpan.FromMinutes(1);
            });
            await PumpAsync(sink.Done.Task);
            await host.StopAsync();
            Assert.Equal(expected, sink.Batches);
            DropCursor();
        }
    }

    [Fact]
    public async Task A_consumer_that_fails_three_times_then_succeeds_gets_the_same_batch_again()
    {
        var sink = new Sink(wanted: 2) { Failures = 3 };
        using IHost host = await StartAsync(sink);
        await AppendAsync(host, "a");
        await PumpAsync(sink.First.Task);
        await AppendAsync(host, "b");
        await PumpAsync(sink.Done.Task);
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-ready")).Status);
        await host.StopAsync();

        Assert.Equal(["a", "b"], sink.Seen);
        Assert.Equal(5, sink.Calls);
    }

    [Fact]
    public async Task A_consumer_that_never_succeeds_stops_degraded_with_the_lsn_and_tries_again_after_the_next_start()
    {
        var sink = new Sink(wanted: 1) { Poison = "bad" };
        using (IHost host = await StartAsync(sink, options => (options.MaxRetryAttempts, options.MaxRecords) = (2, 1)))
        {
            await AppendAsync(host, "ok", "bad", "later");
            HealthReportEntry ready = default;
            await PumpUntilAsync(async () =>
                (ready = await host.Services.CheckAsync("lorawal-ready")).Status == HealthStatus.Degraded);
            Assert.Equal("The consumer 'feed' has stopped at LSN 2: no bad", ready.Description);
            await host.StopAsync();
        }

        Assert.Equal(["ok"], sink.Seen);
        Assert.Equal(4, sink.Calls);
        var mended = new Sink(wanted: 2);
        using IHost second = await StartAsync(mended);
        await mended.Done.Task;
        await second.StopAsync();
        Assert.Equal(["bad", "later"], mended.Seen);
    }

    [Fact]
    public async Task With_a_dead_letter_log_only_the_bad_transaction_is_moved_with_all_that_is_known_of_it()
    {
        var sink = new Sink(wanted: 3) { Poison = "bad" };
        HostApplicationBuilder builder = Builder(sink, options =>
        {
            options.MaxRetryAttempts = 1;
            options.DeadLetter = "dead";
        });
        builder.Services.AddKeyedLoraWal("dead");
        using IHost host = builder.Build();
        await host.StartAsync();
        await AppendAsync(host, "a", "b", "bad", "c");
        await PumpAsync(sink.Done.Task);
        await PumpUntilAsync(() => Task.FromResult(PositionOf(host) == new Lsn(4)));

        Assert.Equal(["a", "b", "c"], sink.Seen.Distinct());
        IWal dead = host.Services.GetRequiredKeyedService<IWal>("dead");
        List<WalTransaction> moved = [];
        await foreach (WalTransaction transaction in dead.ReadAsync())
        {
            moved.Add(transaction);
        }

        WalTransaction letter = Assert.Single(moved);
        Assert.Equal((2, (ushort)9, "bad"), (letter.Count, letter[1].RecordType, TextOf(letter[1])));
        JsonElement about = JsonDocument.Parse(letter[0].Payload).RootElement;
        Assert.Equal(
            "consumer log firstLsn lastLsn timestamp error recordTypes",
            string.Join(' ', about.EnumerateObject().Select(field => field.Name)));
        Assert.Equal(("feed", 3), (about.GetProperty("consumer").GetString(), about.GetProperty("lastLsn").GetInt32()));
        Assert.Equal("System.InvalidOperationException: no bad", about.GetProperty("error").GetString());
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-ready")).Status);
        await host.StopAsync();
    }

    [Fact]
    public async Task Stopping_lets_a_batch_end_and_acknowledges_it_or_takes_its_cancellation_and_keeps_the_position()
    {
        foreach (bool ends in new[] { true, false })
        {
            var sink = new Sink(wanted: 1) { Blocks = true, EndsWhenCancelled = ends };
            using (IHost host = await StartAsync(sink))
            {
                await AppendAsync(host, "x");
                await sink.First.Task;
                await host.StopAsync();
            }

            await using Wal wal = await Wal.OpenAsync(new WalOptions { Directory = Path.Combine(_directory, "wal") });
            WalCursorInfo cursor = Assert.Single(wal.ListCursors());
            Assert.Equal(ends ? wal.Status.DurableLsn : new Lsn(wal.Status.DurableLsn.Value - 1), cursor.Position);
        }
    }

    [Fact]
    public async Task The_hosts_own_pipeline_is_used_the_one_with_the_consumers_name_first()
    {
        foreach ((string[] names, int calls) in new[]
        {
            (new[] { "lorawal-consume" }, 3), (["lorawal-consume", "lorawal-consume-feed"], 2),
        })
        {
            var sink = new Sink(wanted: 1) { Poison = "bad" };
            HostApplicationBuilder builder = Builder(sink);
            for (int i = 0; i < names.Length; i++)
            {
                int attempts = 2 - i;
                builder.Services.AddResiliencePipeline(names[i], pipeline => pipeline.AddRetry(
                    new RetryStrategyOptions { MaxRetryAttempts = attempts, Delay = TimeSpan.Zero }));
            }

            using IHost host = builder.Build();
            await host.StartAsync();
            await AppendAsync(host, "bad");
            await PumpUntilAsync(async () =>
                (await host.Services.CheckAsync("lorawal-ready")).Status == HealthStatus.Degraded);
            await host.StopAsync();
            Assert.Equal(calls, sink.Calls);
        }
    }

    [Fact]
    public void Two_consumers_of_one_name_are_refused_and_so_is_a_name_that_is_none()
    {
        HostApplicationBuilder builder = Builder(new Sink(wanted: 0));
        ILoraWalBuilder log = builder.Services.AddLoraWal();
        var refused = Assert.Throws<InvalidOperationException>(() => log.AddConsumer<Sink>("feed"));
        Assert.Contains("'feed'", refused.Message);
        Assert.Throws<ArgumentException>(() => log.AddConsumer<Sink>("Feed"));
        log.AddConsumer<Sink>("other");
        builder.Services.AddKeyedLoraWal("audit").AddConsumer<Sink>("feed");
    }

    [Theory]
    [InlineData("MaxRecords", "0", "is 0; it must be from 1 to 1048576.")]
    [InlineData("Linger", "01:00:00", "is 01:00:00; it must be from 00:00:00 to 00:01:00.")]
    [InlineData("MaxDelay", "00:00:00.1", "is 00:00:00.1000000; it must be from 00:00:00.2000000 to 01:00:00.")]
    [InlineData("OnDamaged", "7", "is 7; it must be Refuse, ResetToOldest or ResetToNewest.")]
    [InlineData("DeadLetter", "nobody", "is 'nobody'; it must be the key of another log, which AddKeyedLoraWal has "
        + "added, and which is not switched off.")]
    public async Task A_bad_setting_stops_the_start_with_its_place_and_value(string setting, string value, string rule)
    {
        HostApplicationBuilder builder = Builder(new Sink(wanted: 0));
        builder.Configuration[$"LoraWal:Consumers:feed:{setting}"] = value;
        using IHost host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Equal($"LoraWal:Consumers:feed:{setting} {rule}", refused.Message);
    }

    [Fact]
    public async Task A_damaged_position_stops_the_start_with_the_way_out_unless_the_options_say_what_to_do()
    {
        using (IHost host = await StartAsync(new Sink(wanted: 0)))
        {
            await AppendAsync(host, "a");
            await host.StopAsync();
        }

        await File.WriteAllTextAsync(Path.Combine(_directory, "wal", "feed.cursor"), "damaged");
        var refused = await Assert.ThrowsAsync<WalCursorException>(() => StartAsync(new Sink(wanted: 0)));
        Assert.Contains("OnDamaged", refused.Message);

        var sink = new Sink(wanted: 1);
        using IHost again = await StartAsync(sink, options => options.OnDamaged = WalCursorRepair.ResetToOldest);
        await sink.Done.Task;
        await again.StopAsync();
        Assert.Equal(["a"], sink.Seen);
    }

    [Fact]
    public async Task Of_a_log_that_is_switched_off_consumers_do_not_run()
    {
        HostApplicationBuilder builder = Builder(new Sink(wanted: 0));
        builder.Configuration["LoraWal:Enabled"] = "false";
        using IHost host = builder.Build();
        await host.StartAsync();
        IWal log = host.Services.GetRequiredService<IWal>();
        await using WalCursor cursor = await log.OpenCursorAsync("direct");
        Assert.Equal((Lsn.None, false), (cursor.Position, await log.DropCursorAsync("direct")));
        await host.StopAsync();
        Assert.False(Directory.Exists(Path.Combine(_directory, "wal")));
    }

    private static string TextOf(WalRecord record) => Encoding.UTF8.GetString(record.Payload.Span);

    private static Lsn PositionOf(IHost host) =>
        host.Services.GetRequiredService<IWal>().ListCursors().Single(cursor => cursor.Name == "feed").Position;

    private static async Task AppendAsync(IHost host, params string[] texts)
    {
        IWal log = host.Services.GetRequiredService<IWal>();
        foreach (string text in texts)
        {
            await log.AppendAsync(Encoding.UTF8.GetBytes(text), 9, AppendDurability.Buffered);
        }

        await log.SyncAsync();
    }

    private void DropCursor() => File.Delete(Path.Combine(_directory, "wal", "feed.cursor"));

    private async Task<IHost> StartAsync(Sink sink, Action<WalConsumerOptions>? configure = null)
    {
        IHost host = Builder(sink, configure).Build();
        try
        {
            await host.StartAsync();
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private HostApplicationBuilder Builder(Sink sink, Action<WalConsumerOptions>? configure = null)
    {
        HostApplicationBuilder builder = HostFixture.Builder(
            null, ("LoraWal:Directory", Path.Combine(_directory, "wal")), ("LoraWal:Consumers:feed:Linger", "0"));
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton(sink);
        builder.Services.AddLoraWal().AddConsumer<Sink>("feed", configure);
        return builder;
    }

    private Task PumpAsync(Task done) => PumpUntilAsync(() => Task.FromResult(done.IsCompleted));

    private async Task PumpUntilAsync(Func<Task<bool>> isDone)
    {
        while (!await isDone())
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }
    }
}
