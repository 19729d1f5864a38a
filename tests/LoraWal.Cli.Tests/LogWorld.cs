using LoraWal.TestSupport;

namespace LoraWal.Cli.Tests;

/// <summary>Logs for the tool to look at. The record with LSN n has the payload "record n" and type n mod 3.</summary>
internal static class LogWorld
{
    public const string First = "0000000001.wal";

    // 56 bytes each: header 32, payload 20, padding.
    public const int FrameBytes = 56;

    public static TestLog WithRecords(int count, out Wal wal)
    {
        TestLog log = new(seed: 61) { Options = { SyncMode = SyncMode.PerCommit } };
        wal = log.Open();
        Append(wal, 1, count);
        return log;
    }

    /// <summary>Of several segments, and closed.</summary>
    public static TestLog Closed(int count = 2000)
    {
        TestLog log = WithRecords(count, out Wal wal);
        Task closing = wal.CloseAsync().AsTask();
        while (!closing.IsCompleted)
        {
            log.Work.RunAll();
            Thread.Yield();
        }

        closing.GetAwaiter().GetResult();
        return log;
    }

    /// <summary>Three records; the second is damaged, below a promise.</summary>
    public static TestLog Corrupt()
    {
        TestLog log = WithRecords(3, out _);
        log.Kill();
        log.Disk.Damage.FlipBit(First, 4096 + FrameBytes + 33, 1);
        return log;
    }

    /// <summary>Three records and bytes that nothing promises.</summary>
    public static TestLog Torn()
    {
        TestLog log = WithRecords(3, out _);
        log.Kill();
        log.Disk.Damage.Overwrite(First, 5000, [1, 2, 3]);
        return log;
    }

    /// <summary>Three records; the disk cannot read their block.</summary>
    public static TestLog Unreadable()
    {
        TestLog log = WithRecords(3, out _);
        log.Kill();
        log.Disk.Faults = new FaultPlan().When(
            operation => operation is { Kind: DiskOperationKind.Read, Offset: >= 4096 },
            FaultAction.Fail(),
            times: int.MaxValue).Decide;
        return log;
    }

    public static void Append(Wal wal, int first, int last)
    {
        for (int number = first; number <= last; number++)
        {
            wal.Append(System.Text.Encoding.UTF8.GetBytes($"record {number,13}"), (ushort)(number % 3));
        }
    }
}
