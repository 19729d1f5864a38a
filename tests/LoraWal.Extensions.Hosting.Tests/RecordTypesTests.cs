using System.Buffers;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting.Tests;

public sealed class RecordTypesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("lorawal-types-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Values_that_one_host_appends_the_next_one_replays_by_their_type()
    {
        for (int round = 1; round <= 2; round++)
        {
            using IHost host = Build();
            TypedTarget target = host.Services.GetRequiredService<TypedTarget>();
            await host.StartAsync();
            Assert.Equal(
                round == 1 ? [] : ["1: Greeting { Text = hello }", "2: 42", "3: raw 99", "4: Greeting { Text = bye }"],
                target.Seen);
            IWal log = host.Services.GetRequiredService<IWal>();
            await log.AppendAsync(new Greeting("hello"));
            log.Append((byte)42);
            await log.AppendAsync(new byte[] { 1 }, recordType: 99);
            using var batch = new WalBatch();
            batch.Add(new Greeting("bye"), log.RecordTypes);
            await log.CommitAsync(batch, AppendDurability.Durable);
            await host.StopAsync();
        }
    }

    [Fact]
    public void Types_may_be_read_before_the_log_is_open()
    {
        using IHost host = Build();
        Assert.True(host.Services.GetRequiredService<IWal>().RecordTypes.Contains(7));
    }

    [Fact]
    public void A_number_or_a_type_that_is_taken_is_refused_where_it_is_registered()
    {
        ILoraWalBuilder builder = new ServiceCollection().AddLoraWal()
            .AddJsonRecord(7, GreetingJson.Default.Greeting);

        var number = Assert.Throws<ArgumentException>(() => builder.AddRecord(7, new ByteSerializer()));
        Assert.Contains(typeof(Greeting).ToString(), number.Message, StringComparison.Ordinal);
        Assert.Contains(typeof(byte).ToString(), number.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => builder.AddJsonRecord(8, GreetingJson.Default.Greeting));
    }

    [Fact]
    public void Each_log_has_record_types_of_its_own()
    {
        HostApplicationBuilder builder = HostFixture.Builder(new FakeOpener());
        builder.Services.AddLoraWal().AddJsonRecord(7, GreetingJson.Default.Greeting);
        builder.Services.AddKeyedLoraWal("audit").AddRecord(7, new ByteSerializer());
        using IHost host = builder.Build();

        Assert.Equal(7, host.Services.GetRequiredService<IWal>().RecordTypes.Of<Greeting>().Number);
        WalRecordTypes audit = host.Services.GetRequiredKeyedService<IWal>("audit").RecordTypes;
        Assert.Equal(7, audit.Of<byte>().Number);
        Assert.Throws<InvalidOperationException>(() => audit.Of<Greeting>());
    }

    [Fact]
    public void The_builder_adds_to_what_code_puts_into_the_options_as_often_as_they_are_made()
    {
        WalRecordTypes shared = new WalRecordTypes().Add(8, new ByteSerializer());
        HostApplicationBuilder builder = HostFixture.Builder(new FakeOpener());
        builder.Services.AddLoraWal(options => options.RecordTypes = shared)
            .AddJsonRecord(7, GreetingJson.Default.Greeting);
        using IHost host = builder.Build();
        IOptionsFactory<LoraWalOptions> factory =
            host.Services.GetRequiredService<IOptionsFactory<LoraWalOptions>>();

        for (int i = 0; i < 2; i++)
        {
            WalRecordTypes types = factory.Create("").RecordTypes;
            Assert.True(types.Contains(7) && types.Contains(8));
        }

        Assert.False(shared.Contains(7));
    }

    [Fact]
    public async Task A_log_that_is_switched_off_takes_values_and_refuses_unknown_types_as_ever()
    {
        HostApplicationBuilder builder = HostFixture.Builder(null, ("LoraWal:Enabled", "false"));
        builder.Services.AddLoraWal().AddJsonRecord(7, GreetingJson.Default.Greeting);
        using IHost host = builder.Build();
        await host.StartAsync();
        IWal log = host.Services.GetRequiredService<IWal>();

        Assert.Equal(Lsn.None, await log.AppendAsync(new Greeting("hello")));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await log.AppendAsync((byte)1));
    }

    private IHost Build()
    {
        HostApplicationBuilder builder = HostFixture.Builder(null, ("LoraWal:Directory", _directory));
        builder.Services.AddLoraWal()
            .AddJsonRecord(7, GreetingJson.Default.Greeting)
            .AddRecord(8, new ByteSerializer())
            .AddReplayTarget<TypedTarget>();
        return builder.Build();
    }

    private sealed class TypedTarget : IReplayTarget
    {
        private readonly WalRecordDispatcher _dispatcher;

        public TypedTarget(IWal log) => _dispatcher = new WalRecordDispatcher(
                log.RecordTypes, record => Seen.Add($"{record.Lsn}: raw {record.RecordType}"))
            .On<Greeting>((greeting, record) => Seen.Add($"{record.Lsn}: {greeting}"))
            .On<byte>((value, record) => Seen.Add($"{record.Lsn}: {value}"));

        public List<string> Seen { get; } = [];

        public ValueTask<Lsn> LoadAsync(CancellationToken cancellationToken) => new(Lsn.None);

        public ValueTask ApplyAsync(WalTransaction transaction, CancellationToken cancellationToken)
        {
            _dispatcher.Dispatch(transaction);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class ByteSerializer : IWalSerializer<byte>
    {
        public void Write(byte value, IBufferWriter<byte> target)
        {
            target.GetSpan(1)[0] = value;
            target.Advance(1);
        }

        public byte Read(ReadOnlySpan<byte> payload) => payload[0];
    }
}

internal sealed record Greeting(string Text);

[JsonSerializable(typeof(Greeting))]
internal sealed partial class GreetingJson : JsonSerializerContext;
