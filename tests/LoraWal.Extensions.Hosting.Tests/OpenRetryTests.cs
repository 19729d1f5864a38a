using LoraWal.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.Retry;

namespace LoraWal.Extensions.Hosting.Tests;

public class OpenRetryTests
{
    [Fact]
    public async Task A_held_lock_is_tried_again_until_it_is_let_go()
    {
        var time = new SignalingTime();
        FakeOpener opener = new FakeOpener().Failing(3, InUse);
        using IHost host = Build(opener, time);

        Task start = host.StartAsync();
        for (int i = 0; i < 3; i++)
        {
            await time.TimerCreated.WaitAsync();
            time.Advance(TimeSpan.FromSeconds(5));
        }

        await start;
        Assert.Equal(4, opener.Attempts);
        Assert.Equal(WalState.Running, host.Services.GetRequiredService<IWal>().Status.State);
    }

    [Fact]
    public async Task A_volume_that_is_not_attached_yet_is_tried_again()
    {
        var time = new SignalingTime();
        FakeOpener opener = new FakeOpener().Failing(1, () => new DirectoryNotFoundException("/mnt/wal"));
        using IHost host = Build(opener, time);

        Task start = host.StartAsync();
        await time.TimerCreated.WaitAsync();
        time.Advance(TimeSpan.FromSeconds(5));
        await start;
        Assert.Equal(2, opener.Attempts);
    }

    [Fact]
    public async Task After_the_timeout_the_last_failure_stops_the_start()
    {
        var time = new SignalingTime();
        FakeOpener opener = new FakeOpener().Failing(100, InUse);
        using IHost host = Build(opener, time);

        Task start = host.StartAsync();
        await time.TimerCreated.WaitAsync();
        time.Advance(TimeSpan.FromSeconds(30));
        var exception = await Assert.ThrowsAsync<WalInUseException>(() => start);
        Assert.Equal(17, exception.ProcessId);
        Assert.Equal(2, opener.Attempts);
    }

    [Fact]
    public async Task After_the_last_attempt_the_failure_stops_the_start()
    {
        var time = new SignalingTime();
        FakeOpener opener = new FakeOpener().Failing(100, InUse);
        using IHost host = Build(opener, time, ("LoraWal:Open:MaxRetryAttempts", "2"));

        Task start = host.StartAsync();
        for (int i = 0; i < 2; i++)
        {
            await time.TimerCreated.WaitAsync();
            time.Advance(TimeSpan.FromSeconds(5));
        }

        await Assert.ThrowsAsync<WalInUseException>(() => start);
        Assert.Equal(3, opener.Attempts);
    }

    [Fact]
    public async Task No_retries_means_one_attempt()
    {
        FakeOpener opener = new FakeOpener().Failing(1, InUse);
        using IHost host = Build(opener, new SignalingTime(), ("LoraWal:Open:MaxRetryAttempts", "0"));
        await Assert.ThrowsAsync<WalInUseException>(() => host.StartAsync());
        Assert.Equal(1, opener.Attempts);
    }

    public static TheoryData<Exception> LastingFailures =>
    [
        new WalCorruptException("f", 0, default, "a", "b"),
        new WalException("this directory belongs to LoraDB"),
        new UnauthorizedAccessException("read only"),
        new StorageException("mkdir", "/wal", StorageError.Other, "Permission denied", 13),
        new ArgumentException("bad"),
    ];

    [Theory]
    [MemberData(nameof(LastingFailures))]
    public async Task What_waiting_does_not_cure_fails_at_once(Exception failure)
    {
        FakeOpener opener = new FakeOpener().Failing(1, () => failure);
        using IHost host = Build(opener, new SignalingTime());
        Assert.Same(failure, await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync()));
        Assert.Equal(1, opener.Attempts);
    }

    [Fact]
    public async Task Giving_up_the_start_ends_the_wait_for_the_lock()
    {
        var time = new SignalingTime();
        using IHost host = Build(new FakeOpener().Failing(100, InUse), time);
        using var giveUp = new CancellationTokenSource();
        Task start = host.StartAsync(giveUp.Token);
        await time.TimerCreated.WaitAsync();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }

    [Theory]
    [InlineData("", "lorawal-open", true)]
    [InlineData("", "lorawal-open", false)]
    [InlineData("audit", "lorawal-open-audit", true)]
    public async Task The_pipeline_of_a_log_can_be_replaced(string key, string pipeline, bool afterwards)
    {
        FakeOpener opener = new FakeOpener().Failing(1, () => new WalException("ours to try again"));
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        if (afterwards)
        {
            AddLog();
        }

        builder.Services.AddResiliencePipeline(pipeline, replaced => replaced.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 1,
            Delay = TimeSpan.Zero,
            ShouldHandle = new PredicateBuilder().Handle<WalException>(),
        }));
        if (!afterwards)
        {
            AddLog();
        }

        using IHost host = builder.Build();
        await host.StartAsync();
        Assert.Equal(2, opener.Attempts);

        void AddLog() => _ = key.Length == 0
            ? builder.Services.AddLoraWal()
            : builder.Services.AddKeyedLoraWal(key);
    }

    private static WalInUseException InUse() => new("/wal", 17, "old-pod", DateTimeOffset.UnixEpoch);

    private static IHost Build(
        FakeOpener opener, TimeProvider time, params (string Key, string? Value)[] settings)
    {
        HostApplicationBuilder builder = HostFixture.Builder(opener, [("LoraWal:Directory", "/wal"), .. settings]);
        builder.Services.AddSingleton(time);
        builder.Services.AddLoraWal();
        return builder.Build();
    }

    /// <summary>A clock that stands still, and tells when someone begins to wait for it.</summary>
    private sealed class SignalingTime : FakeTimeProvider
    {
        public SemaphoreSlim TimerCreated { get; } = new(0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            TimerCreated.Release();
            return timer;
        }
    }
}
