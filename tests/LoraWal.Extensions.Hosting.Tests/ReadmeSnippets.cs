using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>The code of README.md, compiled. ReadmeTests asserts that the README shows it word for word.</summary>
internal static class ReadmeSnippets
{
    public static async Task RunHostAsync(string[] args)
    {
        // README: host
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddLoraWal(o => o.Directory = "data/wal").AddReplayTarget<Orders>();
        builder.Services.AddHostedService<OrderIntake>();
        await builder.Build().RunAsync();
        // README: end
    }

    public static async Task<List<string>> RunAloneAsync(string directory)
    {
        List<string> found = [];

        // README: alone
        await using Wal wal = await Wal.OpenAsync(new WalOptions { Directory = directory });
        Lsn lsn = await wal.AppendAsync("order 1"u8.ToArray()); // survives a kill of the process
        await wal.WaitForDurableAsync(lsn); // from here on it survives a power cut
        await foreach (WalTransaction transaction in wal.ReadAsync())
            found.Add(Encoding.UTF8.GetString(transaction[0].Payload.Span));
        // README: end

        return found;
    }

    public static async Task ShipAsync(string directory, Action<WalTransaction> ship)
    {
        // README: reader
        var follow = new WalReadOptions(Follow: true);
        await foreach (WalTransaction transaction in new WalReader(directory).ReadAsync(follow))
            ship(transaction);
        // README: end
    }

    public static void AddTypes(HostApplicationBuilder builder) =>
        // README: types
        builder.Services.AddLoraWal()
            .AddJsonRecord(recordType: 7, ShopJson.Default.OrderPlaced) // JSON by generated code: no reflection
            .AddRecord(recordType: 8, new OrderPaidSerializer()); // or bytes of one's own: IWalSerializer<OrderPaid>
        // README: end

    public static async Task AppendValuesAsync(IWal wal, WalBatch batch)
    {
        // README: values
        await wal.AppendAsync(new OrderPlaced(1, "ann"));
        batch.Add(new OrderPaid(1), wal.RecordTypes);
        // README: end

        await wal.CommitAsync(batch, AppendDurability.Durable);
    }

    public static async Task<HashSet<int>> ReadValuesAsync(IWal wal, List<WalRecord> unknown)
    {
        HashSet<int> open = [];

        // README: dispatcher
        var dispatcher = new WalRecordDispatcher(wal.RecordTypes, record => unknown.Add(record)) // nothing is dropped
            .On<OrderPlaced>((order, record) => open.Add(order.Id))
            .On<OrderPaid>((paid, record) => open.Remove(paid.Id));
        await foreach (WalTransaction transaction in wal.ReadAsync())
            dispatcher.Dispatch(transaction);
        // README: end

        return open;
    }
}

// README: services
internal sealed class Orders : IReplayTarget // its state is in the log, and nowhere else
{
    public HashSet<string> Open { get; } = [];

    public ValueTask<Lsn> LoadAsync(CancellationToken cancellationToken) => new(Lsn.None); // no snapshot

    public ValueTask ApplyAsync(WalTransaction transaction, CancellationToken cancellationToken)
    {
        foreach (WalRecord record in transaction)
        {
            Open.Add(Encoding.UTF8.GetString(record.Payload.Span));
        }

        return ValueTask.CompletedTask;
    }
}

internal sealed class OrderIntake(IWal wal, Orders orders) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string order = $"order {orders.Open.Count + 1}"; // replay is over: Orders knows everything logged before
        await wal.AppendAsync(Encoding.UTF8.GetBytes(order), cancellationToken: stoppingToken); // log the fact first,
        orders.Open.Add(order); // then act on it
    }
}
// README: end

internal sealed record OrderPlaced(int Id, string Customer);

internal sealed record OrderPaid(int Id);

internal sealed class OrderPaidSerializer : IWalSerializer<OrderPaid>
{
    public void Write(OrderPaid value, IBufferWriter<byte> target)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(sizeof(int)), value.Id);
        target.Advance(sizeof(int));
    }

    public OrderPaid Read(ReadOnlySpan<byte> payload) => new(BinaryPrimitives.ReadInt32LittleEndian(payload));
}

[JsonSerializable(typeof(OrderPlaced))]
internal sealed partial class ShopJson : JsonSerializerContext;
