using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>Alone: the exit code belongs to the whole process.</summary>
[CollectionDefinition(nameof(PoisonTests), DisableParallelization = true)]
[Collection(nameof(PoisonTests))]
public sealed class PoisonTests : IDisposable
{
    private readonly FakeOpener _opener = new();
    private readonly int _exitCode = Environment.ExitCode;

    public void Dispose() => Environment.ExitCode = _exitCode;

    [Fact]
    public async Task StopHost_stops_the_host_with_the_exit_code()
    {
        using IHost host = Build(options =>
        {
            options.OnPoisoned = PoisonedAction.StopHost;
            options.PoisonedExitCode = 71;
        });
        IWal front = host.Services.GetRequiredService<IWal>();
        CancellationToken takenBeforeOpen = front.Poisoned;
        await host.StartAsync();
        Task stopped = host.WaitForShutdownAsync();
        _opener.Log.Poison("bg fsync failed: EIO");
        _opener.Log.CloseFailure = new IOException("poisoned");

        await stopped;
        Assert.Equal(71, Environment.ExitCode);
        Assert.True(takenBeforeOpen.IsCancellationRequested);
        Assert.Contains("close", _opener.Log.Calls);
    }

    [Fact]
    public async Task None_leaves_the_host_running()
    {
        using IHost host = Build(_ => { });
        await host.StartAsync();
        _opener.Log.Poison("bg fsync failed: EIO");

        Assert.True(host.Services.GetRequiredService<IWal>().Poisoned.IsCancellationRequested);
        Assert.Equal(_exitCode, Environment.ExitCode);
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        Assert.False(lifetime.ApplicationStopping.IsCancellationRequested);
        await host.StopAsync();
    }

    private IHost Build(Action<LoraWalOptions> configure)
    {
        HostApplicationBuilder builder = HostFixture.Builder(_opener);
        builder.Services.AddLoraWal(configure);
        return builder.Build();
    }
}
