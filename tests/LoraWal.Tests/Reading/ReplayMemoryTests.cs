using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Reading;

/// <summary>The rule: replay allocates the bytes of the frames it reads, since payloads are the reader's to keep;
/// besides that less than 8 bytes for each record (the smallest object has 24), and one buffer for a large frame. It
/// holds on to no more than what it reads at the moment.</summary>
public class ReplayMemoryTests
{
    private const int Records = 100_000;
    private const int PayloadBytes = 100;
    private const int BatchedBytes = PayloadBytes + 8;
    private const int LoneFrameBytes = 136;
    private const int Buffer = 2 * 1024 * 1024;

    [Theory]
    [InlineData(1, LoneFrameBytes)]
    [InlineData(100, BatchedBytes)]
    [InlineData(5_000, BatchedBytes)]
    public void Replay_allocates_what_it_reads_and_nothing_for_each_record(int perCommit, int bytesOnDisk)
    {
        using TemporaryDirectory directory = new();
        using Wal wal = Write(directory, Records, perCommit);
        Replay(wal, out _);

        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = Replay(wal, out int distinct);
        long beyond = GC.GetAllocatedBytesForCurrentThread() - before - ((long)count * bytesOnDisk);

        Assert.Equal((Records, Records), (count, distinct));
        Assert.True(beyond < (8 * Records) + Buffer, $"{beyond} bytes beyond the frames for {Records} records");
    }

    [Theory]
    [InlineData(Records / 10)]
    [InlineData(Records)]
    public void Replay_holds_no_more_of_a_long_log_than_of_a_short_one(int records)
    {
        using TemporaryDirectory directory = new();
        using Wal wal = Write(directory, records, perCommit: 100);
        IAsyncEnumerator<WalTransaction> read = wal.ReadAsync().GetAsyncEnumerator();

        List<WeakReference> arrays = ReadAll(read, records);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        int held = arrays.Count(array => array.IsAlive);
        Assert.True(arrays.Count >= records / 1000, $"{arrays.Count} arrays");
        Assert.True(held <= 2, $"{held} of {arrays.Count} arrays are still held");
        GC.KeepAlive(read);
    }

    private static Wal Write(TemporaryDirectory directory, int records, int perCommit)
    {
        WalOptions options = new() { Directory = directory.Path, SyncMode = SyncMode.None };
        Wal wal = Wal.Open(options, WalEnvironment.OnDisk(directory.Path) with { StartsFlusher = false });
        using WalBatch batch = new();
        byte[] payload = new byte[PayloadBytes];
        for (int i = 0; i < records;)
        {
            batch.Clear();
            for (int j = 0; j < perCommit; j++, i++)
            {
                BitConverter.TryWriteBytes(payload, i);
                batch.Add(payload);
            }

            Assert.True(wal.CommitAsync(batch).IsCompletedSuccessfully, "A lone caller leads before it returns.");
        }

        wal.SyncAsync().AsTask().GetAwaiter().GetResult();
        return wal;
    }

    private static int Replay(Wal wal, out int distinct)
    {
        int count = 0;
        distinct = 0;
        IAsyncEnumerator<WalTransaction> read = wal.ReadAsync().GetAsyncEnumerator();
        while (Moves(read))
        {
            foreach (WalRecord record in read.Current)
            {
                distinct += BitConverter.ToInt32(record.Payload.Span) == count ? 1 : 0;
                count++;
            }
        }

        return count;
    }

    // A method of its own: nothing on the stack holds an array afterwards.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> ReadAll(IAsyncEnumerator<WalTransaction> read, int records)
    {
        List<WeakReference> arrays = [];
        byte[]? last = null;
        for (int count = 0; count < records; count += read.Current.Count)
        {
            Assert.True(Moves(read), "There is more.");
            Assert.True(MemoryMarshal.TryGetArray(read.Current[0].Payload, out ArraySegment<byte> payload));
            if (payload.Array != last)
            {
                last = payload.Array;
                arrays.Add(new WeakReference(last));
            }
        }

        return arrays;
    }

    private static bool Moves(IAsyncEnumerator<WalTransaction> read)
    {
        ValueTask<bool> move = read.MoveNextAsync();
        Assert.True(move.IsCompletedSuccessfully, "A reader that does not follow never waits.");
        return move.Result;
    }
}
