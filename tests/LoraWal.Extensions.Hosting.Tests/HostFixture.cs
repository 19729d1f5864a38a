using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>Verbs that build a host around a fake or a real log.</summary>
internal static class HostFixture
{
    public static HostApplicationBuilder Builder(FakeOpener? opener, params (string Key, string? Value)[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)));
        if (opener is not null)
        {
            builder.Services.AddSingleton<IWalOpener>(opener);
        }

        return builder;
    }

    public static HostApplicationBuilder Builder(FakeOpener? opener) => Builder(opener, ("LoraWal:Directory", "wal"));

    public static async Task<HealthReportEntry> CheckAsync(this IServiceProvider services, string name)
    {
        HealthReport report = await services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(registration => registration.Name == name);
        return report.Entries[name];
    }
}

/// <summary>A hosted service that notes what is called, and runs a test's code in it.</summary>
internal sealed class ProbeService(List<string> calls, Func<Task>? onStart = null, Func<Task>? onStop = null)
    : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        calls.Add("service starts");
        await (onStart?.Invoke() ?? Task.CompletedTask);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        calls.Add("service stops");
        await (onStop?.Invoke() ?? Task.CompletedTask);
    }
}

/// <summary>A replay target that keeps what it is given.</summary>
internal class CollectingTarget : IReplayTarget
{
    public Lsn Held { get; set; }

    public List<Lsn> Applied { get; } = [];

    public Action? OnLoad { get; set; }

    public Func<WalTransaction, Task>? OnApply { get; set; }

    public ValueTask<Lsn> LoadAsync(CancellationToken cancellationToken)
    {
        OnLoad?.Invoke();
        return new(Held);
    }

    public async ValueTask ApplyAsync(WalTransaction transaction, CancellationToken cancellationToken)
    {
        await (OnApply?.Invoke(transaction) ?? Task.CompletedTask);
        Applied.Add(transaction.LastLsn);
    }
}

internal sealed class SecondTarget : CollectingTarget;
