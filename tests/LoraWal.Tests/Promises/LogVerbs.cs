using LoraWal.TestSupport;

namespace LoraWal.Tests.Promises;

/// <summary>Verbs for tests of a whole log in a simulated world.</summary>
/// <remarks>By convention the record with LSN n has the number n: its payload and its type follow from it.</remarks>
internal static class LogVerbs
{
    /// <summary>The payload with this number: the same bytes every time, and others for each number.</summary>
    public static byte[] Payload(int number, int size = 20)
    {
        byte[] bytes = new byte[size];
        new SeededRandom(number).NextBytes(bytes);
        return bytes;
    }

    /// <summary>What reading yields for records with these numbers.</summary>
    public static List<string> Numbered(int first, int last, int size = 20) =>
        [.. Enumerable.Range(first, last - first + 1)
            .Select(number => Describe((ulong)number, (ushort)number, Payload(number, size)))];

    /// <summary>Appends records with these numbers, each by a call of its own.</summary>
    public static void AppendMany(
        this Wal wal, int first, int last, int size = 20, AppendDurability durability = AppendDurability.Default)
    {
        for (int number = first; number <= last; number++)
        {
            Assert.Equal(new Lsn((ulong)number), wal.Append(Payload(number, size), (ushort)number, durability));
        }
    }

    /// <summary>A batch of records with these numbers.</summary>
    public static WalBatch Batch(int first, int last, int size = 20)
    {
        WalBatch batch = new();
        for (int number = first; number <= last; number++)
        {
            batch.Add(Payload(number, size), (ushort)number);
        }

        return batch;
    }

    /// <summary>Everything a log yields, one line for each record.</summary>
    public static List<string> Read(this Wal wal, WalReadOptions options = default) =>
        Describe(wal.ReadAsync(options).ToBlockingEnumerable());

    /// <summary>Transactions, one line for each record.</summary>
    public static List<string> Describe(IEnumerable<WalTransaction> transactions) =>
        [.. from transaction in transactions
            from record in transaction
            select Describe(record.Lsn.Value, record.RecordType, record.Payload.Span.ToArray())];

    /// <summary>Runs the log's background work on this thread until a task has ended, and returns its result.</summary>
    public static T Finish<T>(this TestLog log, ValueTask<T> task)
    {
        Task<T> whole = task.AsTask();
        log.RunUntil(whole);
        return whole.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Finish{T}"/>
    public static void Finish(this TestLog log, ValueTask task)
    {
        Task whole = task.AsTask();
        log.RunUntil(whole);
        whole.GetAwaiter().GetResult();
    }

    public static Lsn Sync(this TestLog log, Wal wal) => log.Finish(wal.SyncAsync());

    public static void Close(this TestLog log, Wal wal) => log.Finish(wal.CloseAsync());

    /// <summary>Opens, reads everything, and kills the process. The disk is as after a crash then.</summary>
    public static List<string> ReopenAndRead(this TestLog log)
    {
        List<string> records = log.Open().Read();
        log.Kill();
        return records;
    }

    /// <summary>The same world a moment later, in a copy: one may go on without the other.</summary>
    public static TestLog Fork(this TestLog log, long seed = 99)
    {
        TestLog fork = new(seed, log.Disk.Clone());
        fork.Options.SyncMode = log.Options.SyncMode;
        fork.Options.SegmentTargetBytes = log.Options.SegmentTargetBytes;
        fork.Options.TornTail = log.Options.TornTail;
        fork.Options.ReplayAfter = log.Options.ReplayAfter;
        fork.Kill();
        return fork;
    }

    private static string Describe(ulong lsn, ushort type, byte[] payload) =>
        payload.Length <= 64
            ? $"{lsn} {type} {Convert.ToHexString(payload)}"
            : $"{lsn} {type} {payload.Length} {Convert.ToHexString(System.IO.Hashing.Crc32.Hash(payload))}";

    private static void RunUntil(this TestLog log, Task task)
    {
        while (!task.IsCompleted)
        {
            if (!log.Work.RunNext())
            {
                Thread.Yield(); // a continuation is under way on another thread
            }
        }
    }
}
