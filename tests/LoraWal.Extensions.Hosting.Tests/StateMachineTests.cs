using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>State machines that the host brings back, with the real engine.</summary>
public sealed class StateMachineTests : IDisposable
{
    private static readonly byte[] Apples = Encoding.UTF8.GetBytes("apples");

    private readonly string _directory = Directory.CreateTempSubdirectory("lorawal-machine-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_machine_is_brought_back_before_any_service_starts_and_saved_after_all_have_stopped()
    {
        using (IHost first = Build())
        {
            await first.StartAsync();
            IWalStateMachineHost<Stock> stock = Machine(first);
            Assert.Equal(new Lsn(1), await stock.ExecuteAsync(Apples));
            Assert.Equal(new Lsn(2), await stock.ExecuteAsync(Apples));
            await first.StopAsync();
        }

        Assert.Equal(["snapshot-00000000000000000002.snap"], Snapshots());
        int seen = -1;
        IHost? host = null;
        List<string> calls = [];
        host = Build(configure: builder => builder.Services.AddSingleton<IHostedService>(new ProbeService(
            calls,
            () =>
            {
                seen = Machine(host!).Read(stock => stock.Count("apples"));
                return Task.CompletedTask;
            },
            async () => await Machine(host!).ExecuteAsync(Apples))));
        using (host)
        {
            await host.StartAsync();
            Assert.Equal(2, seen);
            HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
            Assert.Equal(HealthStatus.Healthy, ready.Status);
            Assert.Equal(2UL, ready.Data["stateMachine.default.snapshotLsn"]);
            Assert.Equal(1.0, ready.Data["replayProgress"]);
            await host.StopAsync();
        }

        Assert.Contains("snapshot-00000000000000000003.snap", Snapshots());
    }

    [Fact]
    public async Task A_call_before_the_log_runs_says_so()
    {
        using IHost host = Build();
        IWalStateMachineHost<Stock> stock = Machine(host);
        Assert.Throws<InvalidOperationException>(() => stock.Read(state => state.Count("apples")));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stock.ExecuteAsync(Apples));
    }

    [Fact]
    public async Task Two_machines_of_one_name_stop_the_start()
    {
        using IHost names = Build(builder: log => log.AddStateMachine<OtherStock>());
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => names.StartAsync());
        Assert.Contains("2 state machines named 'default'", refused.Message, StringComparison.Ordinal);

        using IHost types = Build(builder: log => log.AddStateMachine<Stock>("again"));
        refused = await Assert.ThrowsAsync<InvalidOperationException>(() => types.StartAsync());
        Assert.Contains("2 times", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_machine_makes_ready_unhealthy_and_leaves_live_alone()
    {
        using IHost host = Build(builder: log => log.AddStateMachine<OtherStock>("other"));
        await host.StartAsync();
        await Machine(host).ExecuteAsync(Encoding.UTF8.GetBytes("poison"));
        var other = host.Services.GetRequiredService<IWalStateMachineHost<OtherStock>>();
        await Assert.ThrowsAsync<WalStateMachineException>(async () => await other.WaitForAppliedAsync(new Lsn(1)));

        HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(HealthStatus.Unhealthy, ready.Status);
        Assert.Contains("'other' failed at LSN 1", ready.Description, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-live")).Status);
        await Machine(host).ExecuteAsync(Apples); // the other one goes on
    }

    [Fact]
    public async Task Ready_is_degraded_after_three_snapshots_in_a_row_have_failed()
    {
        using IHost host = Build();
        await host.StartAsync();
        await Machine(host).ExecuteAsync(Apples);
        host.Services.GetRequiredService<Stock>().CannotSave = true;
        for (int failures = 0; failures < 3; failures++)
        {
            Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-ready")).Status);
            await Assert.ThrowsAsync<NotSupportedException>(async () => await Machine(host).CheckpointAsync());
        }

        HealthReportEntry ready = await host.Services.CheckAsync("lorawal-ready");
        Assert.Equal(HealthStatus.Degraded, ready.Status);
        Assert.Contains("3 snapshots in a row", ready.Description, StringComparison.Ordinal);
        host.Services.GetRequiredService<Stock>().CannotSave = false;
        await Machine(host).CheckpointAsync();
        Assert.Equal(HealthStatus.Healthy, (await host.Services.CheckAsync("lorawal-ready")).Status);
    }

    [Fact]
    public async Task Bad_settings_stop_the_start_with_their_path()
    {
        using IHost host = Build(configure: builder => builder.Configuration.AddInMemoryCollection(
        [
            new("LoraWal:StateMachines:default:Keep", "0"),
            new("LoraWal:StateMachines:default:EncryptionKey", "AAAA"),
        ]));
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(
            "LoraWal:StateMachines:default:Keep is 0; it must be from 1 to 100.", refused.Failures);
        Assert.Contains(refused.Failures, failure => failure.Contains("in code only", StringComparison.Ordinal));
    }

    [Fact]
    public void Settings_bind_from_the_machines_section_and_code_has_the_last_word()
    {
        HostApplicationBuilder builder = HostFixture.Builder(
            null,
            ("LoraWal:Directory", _directory),
            ("LoraWal:StateMachines:stock:EveryCommits", "7"),
            ("LoraWal:StateMachines:stock:Interval", "00:05:00"),
            ("LoraWal:StateMachines:stock:ApplyWhen", "Durable"),
            ("LoraWal:StateMachines:stock:Keep", "3"),
            ("LoraWal:Logs:audit:StateMachines:stock:Keep", "4"));
        builder.Services.AddLoraWal().AddStateMachine<Stock>("stock", options => options.EveryCommits = 8);
        builder.Services.AddKeyedLoraWal("audit").AddStateMachine<OtherStock>("stock");
        using IHost host = builder.Build();
        var options = host.Services.GetRequiredService<IOptionsMonitor<SnapshotOptions>>();
        Assert.Equal(8, options.Get(":stock").EveryCommits);
        Assert.Equal(TimeSpan.FromMinutes(5), options.Get(":stock").Interval);
        Assert.Equal(ApplyWhen.Durable, options.Get(":stock").ApplyWhen);
        Assert.Equal(3, options.Get(":stock").Keep);
        Assert.Equal(4, options.Get("audit:stock").Keep);
    }

    [Fact]
    public async Task Of_a_log_that_is_switched_off_records_are_applied_in_memory()
    {
        using IHost host = Build(configure: builder => builder.Configuration.AddInMemoryCollection(
            [new("LoraWal:Enabled", "false")]));
        await host.StartAsync();
        Assert.Equal(Lsn.None, await Machine(host).ExecuteAsync(Apples));
        using WalBatch batch = new();
        batch.Add(Apples);
        batch.Add(Apples);
        Assert.Equal(Lsn.None, await Machine(host).ExecuteAsync(batch));
        Assert.Equal(3, Machine(host).Read(stock => stock.Count("apples")));
        await host.StopAsync();
    }

    private static IWalStateMachineHost<Stock> Machine(IHost host) =>
        host.Services.GetRequiredService<IWalStateMachineHost<Stock>>();

    private string[] Snapshots() =>
        [.. Directory.GetFiles(_directory, "snapshot*").Select(path => Path.GetFileName(path)).Order()];

    private IHost Build(Action<HostApplicationBuilder>? configure = null, Action<ILoraWalBuilder>? builder = null)
    {
        HostApplicationBuilder host = HostFixture.Builder(null, ("LoraWal:Directory", _directory));
        configure?.Invoke(host);
        ILoraWalBuilder log = host.Services.AddLoraWal().AddStateMachine<Stock>();
        builder?.Invoke(log);
        return host.Build();
    }

    /// <summary>How often each thing was named.</summary>
    internal sealed class Stock : IWalStateMachine
    {
        private readonly Dictionary<string, int> _items = [];

        public bool CannotSave { get; set; }

        public int Count(string item) => _items.GetValueOrDefault(item);

        public void Apply(in WalRecord record)
        {
            string item = Encoding.UTF8.GetString(record.Payload.Span);
            _items[item] = Count(item) + 1;
        }

        public async ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            if (CannotSave)
            {
                throw new NotSupportedException("not now");
            }

            foreach ((string item, int count) in _items)
            {
                await snapshot.WriteAsync(Encoding.UTF8.GetBytes($"{item}={count}\n"), cancellationToken);
            }
        }

        public async ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken)
        {
            _items.Clear();
            using StreamReader reader = new(snapshot, leaveOpen: true);
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                string[] parts = line.Split('=');
                _items[parts[0]] = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }

    /// <summary>Does not take everything.</summary>
    internal sealed class OtherStock : IWalStateMachine
    {
        public void Apply(in WalRecord record)
        {
            if (record.Payload.Span.SequenceEqual("poison"u8))
            {
                throw new FormatException("poison");
            }
        }

        public ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken) => default;

        public ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken) => default;
    }
}
