using System.Text.Json;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Typed;

public class RecordTypesTests
{
    private readonly TestLog _log = new() { Options = { RecordTypes = Shapes.All() } };

    [Fact]
    public void Only_the_number_and_the_payload_get_into_the_log()
    {
        Wal wal = _log.Open();
        wal.Append(new OrderPlaced(1, "ann"));

        WalRecord record = Records(wal).Single();
        Assert.Equal(Shapes.Placed, record.RecordType);
        Assert.Equal("""{"Id":1,"Customer":"ann"}"""u8.ToArray(), record.Payload.ToArray());
    }

    [Fact]
    public void Values_come_back_equal_by_their_record_type_after_a_crash()
    {
        Wal wal = _log.Open();
        wal.Append(new OrderPlaced(1, "ann"), AppendDurability.Durable);
        wal.Append(new Reading(-5), AppendDurability.Durable);
        _log.Kill();

        Wal again = _log.Open();
        List<WalRecord> records = Records(again);
        Assert.Equal(new OrderPlaced(1, "ann"), again.RecordTypes.Read<OrderPlaced>(records[0]));
        Assert.True(again.RecordTypes.TryRead(records[1], out Reading reading));
        Assert.Equal(new Reading(-5), reading);
    }

    [Fact]
    public void A_record_of_another_type_is_not_read_as_this_one()
    {
        Wal wal = _log.Open();
        wal.Append(new OrderPaid(1));
        WalRecord record = Records(wal).Single();

        Assert.False(wal.RecordTypes.TryRead<OrderPlaced>(record, out _));
        WalRecordException failure = Assert.Throws<WalRecordException>(
            () => wal.RecordTypes.Read<OrderPlaced>(record));
        Assert.Contains("LSN 1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("record type 8", failure.Message, StringComparison.Ordinal);
        Assert.Contains("That is record type 7.", failure.Message, StringComparison.Ordinal);
        Assert.Null(failure.InnerException);
    }

    [Fact]
    public void A_payload_of_the_wrong_shape_is_told_with_LSN_type_and_cause()
    {
        Wal wal = _log.Open();
        wal.Append("{}"u8, 99);
        wal.Append("[1, 2]"u8, Shapes.Placed);
        WalRecord record = Records(wal)[1];

        WalRecordException failure = Assert.Throws<WalRecordException>(
            () => wal.RecordTypes.TryRead<OrderPlaced>(record, out _));

        Assert.IsType<JsonException>(failure.InnerException);
        Assert.Equal(new Lsn(2), failure.Lsn);
        Assert.Equal(Shapes.Placed, failure.RecordType);
        Assert.Equal(typeof(OrderPlaced).ToString(), failure.TypeName);
        Assert.StartsWith(
            "The record at LSN 2 has record type 7, but its payload of 6 bytes cannot be read as "
            + $"{typeof(OrderPlaced)}: {failure.InnerException.Message}",
            failure.Message,
            StringComparison.Ordinal);
        Assert.IsAssignableFrom<WalException>(failure);
        Assert.Equal("[1, 2]"u8.ToArray(), record.Payload.ToArray());
    }

    [Fact]
    public void A_payload_that_stands_for_null_is_of_the_wrong_shape()
    {
        Wal wal = _log.Open();
        wal.Append("null"u8, Shapes.Paid);

        WalRecordException failure = Assert.Throws<WalRecordException>(
            () => wal.RecordTypes.Read<OrderPaid>(Records(wal).Single()));
        Assert.Contains("null", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_that_is_not_registered_is_told_what_to_call()
    {
        Wal wal = _log.Open();
        using WalBatch batch = new();
        WalRecord record = new(new Lsn(1), 1, default);
        Exception[] failures =
        [
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await wal.AppendAsync(new OrderLost(1))),
            Assert.Throws<InvalidOperationException>(() => wal.Append(new OrderLost(1))),
            Assert.Throws<InvalidOperationException>(() => batch.Add(new OrderLost(1), wal.RecordTypes)),
            Assert.Throws<InvalidOperationException>(() => wal.RecordTypes.Read<OrderLost>(record)),
            Assert.Throws<InvalidOperationException>(() => wal.RecordTypes.TryRead<OrderLost>(record, out _)),
            Assert.Throws<InvalidOperationException>(
                () => new WalRecordDispatcher(wal.RecordTypes, _ => { }).On<OrderLost>((_, _) => { })),
        ];

        Assert.All(failures, failure =>
        {
            Assert.Contains(typeof(OrderLost).ToString(), failure.Message, StringComparison.Ordinal);
            Assert.Contains("WalOptions.RecordTypes.Add", failure.Message, StringComparison.Ordinal);
            Assert.Contains("AddJsonRecord", failure.Message, StringComparison.Ordinal);
        });
        Assert.Equal(new Lsn(1), wal.Status.NextLsn);
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public void A_number_that_is_taken_is_refused_with_both_names()
    {
        ArgumentException failure = Assert.Throws<ArgumentException>(
            () => new WalRecordTypes()
                .AddJson(7, ShapesJson.Default.OrderPlaced)
                .AddJson(7, ShapesJson.Default.OrderPaid));

        Assert.Contains(typeof(OrderPlaced).ToString(), failure.Message, StringComparison.Ordinal);
        Assert.Contains(typeof(OrderPaid).ToString(), failure.Message, StringComparison.Ordinal);
        Assert.Contains("Record type 7", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_that_is_registered_is_refused_a_second_number()
    {
        ArgumentException failure = Assert.Throws<ArgumentException>(
            () => new WalRecordTypes()
                .AddJson(7, ShapesJson.Default.OrderPlaced)
                .AddJson(11, ShapesJson.Default.OrderPlaced));

        Assert.Contains($"{typeof(OrderPlaced)} is record type 7", failure.Message, StringComparison.Ordinal);
        Assert.Contains("11", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_registered_once_a_log_has_been_opened_with_the_registry()
    {
        WalRecordTypes types = _log.Options.RecordTypes;
        _log.Open();

        Assert.Throws<InvalidOperationException>(() => types.Add(11, new SecondReadingSerializer()));
        Assert.False(types.Contains(11));
    }

    [Fact]
    public void Several_logs_may_share_one_registry()
    {
        TestLog other = new() { Options = { RecordTypes = _log.Options.RecordTypes } };
        _log.Open().Append(new OrderPaid(1));
        other.Open().Append(new OrderPaid(2));

        Assert.Same(_log.Options.RecordTypes, other.Options.RecordTypes);
    }

    [Fact]
    public void A_log_without_a_registry_is_refused()
    {
        WalOptions options = new() { Directory = "/simulated/log", RecordTypes = null! };

        ArgumentException failure = Assert.Throws<ArgumentException>(
            () => Wal.Open(options, _log.CreateEnvironment()));
        Assert.Contains("WalOptions.RecordTypes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dispatcher_hands_values_to_the_handler_of_their_type_and_loses_none()
    {
        Wal wal = _log.Open();
        using (WalBatch batch = new())
        {
            batch.Add(new OrderPlaced(1, "ann"), wal.RecordTypes);
            batch.Add("raw"u8);
            batch.Add(new OrderPaid(1), wal.RecordTypes);
            _log.Finish(wal.CommitAsync(batch));
        }

        wal.Append("unknown"u8, 4711);
        wal.Append(new Reading(3)); // known to the log, but without a handler
        List<string> seen = [];
        WalRecordDispatcher dispatcher = new WalRecordDispatcher(
                wal.RecordTypes, record => seen.Add($"{record.Lsn} raw {record.RecordType} {record.Payload.Length}"))
            .On<OrderPlaced>((order, record) => seen.Add($"{record.Lsn} {order}"))
            .On<OrderPaid>((paid, record) => seen.Add($"{record.Lsn} {paid}"));
        _log.Sync(wal);

        foreach (WalTransaction transaction in wal.ReadAsync().ToBlockingEnumerable())
        {
            dispatcher.Dispatch(transaction);
        }

        Assert.Equal(
            [
                "1 OrderPlaced { Id = 1, Customer = ann }", "2 raw 0 3", "3 OrderPaid { Id = 1 }", "4 raw 4711 7",
                "5 raw 9 8",
            ],
            seen);
    }

    [Fact]
    public void A_dispatcher_reports_a_wrong_shape_instead_of_calling_a_handler()
    {
        Wal wal = _log.Open();
        wal.Append("no JSON"u8, Shapes.Placed);
        bool isCalled = false;
        WalRecordDispatcher dispatcher = new WalRecordDispatcher(wal.RecordTypes, _ => isCalled = true)
            .On<OrderPlaced>((_, _) => isCalled = true);

        Assert.Throws<WalRecordException>(() => dispatcher.Dispatch(Records(wal).Single()));
        Assert.False(isCalled);
    }

    [Fact]
    public void A_second_handler_for_a_type_is_refused()
    {
        WalRecordDispatcher dispatcher = new WalRecordDispatcher(Shapes.All(), _ => { })
            .On<OrderPaid>((_, _) => { });

        Assert.Throws<ArgumentException>(() => dispatcher.On<OrderPaid>((_, _) => { }));
    }

    private static List<WalRecord> Records(Wal wal) =>
        [.. wal.ReadAsync(new WalReadOptions(IncludeNotDurable: true)).ToBlockingEnumerable().SelectMany(t => t)];

    private sealed class SecondReadingSerializer : IWalSerializer<long>
    {
        public void Write(long value, System.Buffers.IBufferWriter<byte> target) => target.GetSpan(1);

        public long Read(ReadOnlySpan<byte> payload) => payload.Length;
    }
}
