using LoraWal.Log;
using LoraWal.TestSupport;
using LoraWal.Tests.Concurrency;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Typed;

public class TypedAppendTests
{
    private const int PendingBytes = 8 * 1024;
    private const int Appends = 2_000;

    [Fact]
    public void A_batch_of_values_is_one_transaction()
    {
        TestLog log = new() { Options = { RecordTypes = Shapes.All() } };
        Wal wal = log.Open();
        using WalBatch batch = new();
        batch.Add(new OrderPlaced(1, "ann"), wal.RecordTypes);
        batch.Add(new OrderPaid(1), wal.RecordTypes);
        Assert.Equal(new Lsn(2), log.Finish(wal.CommitAsync(batch)));
        log.Sync(wal);

        WalTransaction transaction = wal.ReadAsync().ToBlockingEnumerable().Single();
        Assert.Equal(new OrderPlaced(1, "ann"), wal.RecordTypes.Read<OrderPlaced>(transaction[0]));
        Assert.Equal(new OrderPaid(1), wal.RecordTypes.Read<OrderPaid>(transaction[1]));
    }

    [Fact]
    public void A_serializer_that_fails_leaves_the_batch_as_it_was()
    {
        TestLog log = new() { Options = { RecordTypes = Shapes.All() } };
        Wal wal = log.Open();
        using WalBatch batch = new();
        batch.Add(new OrderPaid(1), wal.RecordTypes);
        InvalidDataException cause = new("half way");

        Assert.Same(cause, Assert.Throws<InvalidDataException>(
            () => batch.Add(new Blob(10_000, 1, cause), wal.RecordTypes)));

        Assert.Equal(1, batch.Count);
        batch.Add(new OrderPaid(2), wal.RecordTypes);
        Assert.Equal(new Lsn(2), log.Finish(wal.CommitAsync(batch)));
        log.Sync(wal);
        Assert.Equal(
            [new OrderPaid(1), new OrderPaid(2)],
            wal.ReadAsync().ToBlockingEnumerable().Single().Select(record => wal.RecordTypes.Read<OrderPaid>(record)));
    }

    [Fact]
    public async Task A_serializer_that_fails_appends_nothing_and_its_exception_is_thrown_as_it_is()
    {
        TestLog log = new() { Options = { RecordTypes = Shapes.All() } };
        Wal wal = log.Open();
        InvalidDataException cause = new("half way");

        Assert.Same(cause, await Assert.ThrowsAsync<InvalidDataException>(
            async () => await wal.AppendAsync(new Blob(10, 1, cause))));
        Assert.Same(cause, Assert.Throws<InvalidDataException>(() => wal.Append(new Blob(10, 1, cause))));

        Assert.Equal(new Lsn(1), wal.Append(new Blob(3, 5)));
        log.Sync(wal);
        WalRecord record = wal.ReadAsync().ToBlockingEnumerable().Single()[0];
        Assert.Equal([5, 5, 5], record.Payload.ToArray());
    }

    [Fact]
    public void Values_larger_than_any_pooled_buffer_come_back_whole()
    {
        TestLog log = new() { Options = { RecordTypes = Shapes.All(), SegmentTargetBytes = 1024 * 1024 } };
        Wal wal = log.Open();
        int[] sizes = [0, 1, 1023, 1024, 1025, 65_536, 65_537, 200_000, 1];
        foreach ((int index, int size) in sizes.Index())
        {
            wal.Append(new Blob(size, (byte)(index + 1)));
        }

        log.Sync(wal);
        Assert.Equal(
            sizes.Select((size, index) => (size, Sum: size * (index + 1))),
            wal.ReadAsync().ToBlockingEnumerable().Select(transaction => transaction[0].Payload)
                .Select(payload => (payload.Length, Sum: payload.ToArray().Sum(value => (int)value))));
    }

    [Fact]
    public async Task A_value_that_waits_for_room_keeps_its_bytes_while_others_are_serialized()
    {
        DiskGate gate = new();
        TestLog log = new()
        {
            OtherWork = ThreadWorkScheduler.Instance,
            Options =
            {
                RecordTypes = Shapes.All(),
                MaxTransactionBytes = PendingBytes,
                MaxPendingBytes = PendingBytes,
            },
        };
        Wal wal = log.Open();
        log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Write, FaultAction.Block(gate), name: ".wal").Decide;
        Task<Lsn> writing = Task.Run(() => wal.AppendAsync(new Blob(100, 1)).AsTask());
        await gate.Entered.WaitAsync(Storm.HangGuard);
        Task<Lsn> filling = wal.AppendAsync(new Blob(PendingBytes - 64, 2)).AsTask();
        Task<Lsn>[] waiting =
        [
            .. Enumerable.Range(3, 20).Select(i => wal.AppendAsync(new Blob(300, (byte)i)).AsTask()),
        ];
        using CancellationTokenSource cancellation = new();
        Task<Lsn> cancelled = wal.AppendAsync(new Blob(300, 99), cancellationToken: cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Task<Lsn> last = wal.AppendAsync(new Blob(300, 23)).AsTask(); // takes the buffer of the cancelled one
        gate.Release();

        await Task.WhenAll([writing, filling, .. waiting, last]).WaitAsync(Storm.HangGuard);
        await wal.SyncAsync().AsTask().WaitAsync(Storm.HangGuard);
        List<byte> fills = [];
        await foreach (WalTransaction transaction in wal.ReadAsync())
        {
            byte[] payload = transaction[0].Payload.ToArray();
            Assert.All(payload, value => Assert.Equal(payload[0], value));
            fills.Add(payload[0]);
        }

        Assert.Equal(Enumerable.Range(1, 23).Select(i => (byte)i), fills);
    }

    [Theory]
    [InlineData(SyncMode.GroupSync, AppendDurability.Written)]
    [InlineData(SyncMode.PerCommit, AppendDurability.Durable)]
    public void Appending_a_value_allocates_nothing_beyond_its_serializer_in_steady_state(
        SyncMode mode, AppendDurability durability)
    {
        using TemporaryDirectory directory = new();
        WalOptions options = new() { Directory = directory.Path, SyncMode = mode, RecordTypes = Shapes.All() };
        using Wal wal = Wal.Open(
            options, WalEnvironment.OnDisk(options.Directory) with { StartsFlusher = false });
        using WalBatch batch = new();
        Run(wal, batch, durability);
        Run(wal, batch, durability);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(wal, batch, durability);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < Appends / 10, $"{allocated} bytes for {Appends} rounds");
    }

    [Fact]
    public void JSON_is_written_without_an_allocation_of_its_own_in_steady_state()
    {
        WalRecordTypes types = Shapes.All();
        using WalBatch batch = new();
        OrderPlaced order = new(1, "ann");
        Write();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Write();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < Appends / 10, $"{allocated} bytes for {Appends} values");

        void Write()
        {
            for (int i = 0; i < Appends; i++)
            {
                batch.Clear();
                batch.Add(order, types);
            }
        }
    }

    private static void Run(Wal wal, WalBatch batch, AppendDurability durability)
    {
        for (int i = 0; i < Appends; i++)
        {
            wal.Append(new Reading(i), durability);
            ValueTask<Lsn> append = wal.AppendAsync(new Reading(i), durability);
            Assert.True(append.IsCompletedSuccessfully, "A lone caller leads before it returns.");
            _ = append.Result;
            batch.Clear();
            batch.Add(new Reading(i), wal.RecordTypes);
            _ = wal.CommitAsync(batch, durability).Result;
        }

        wal.SyncAsync().AsTask().GetAwaiter().GetResult();
    }
}
