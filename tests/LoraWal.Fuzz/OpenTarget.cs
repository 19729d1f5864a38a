using LoraWal.Storage;
using LoraWal.TestSupport;

namespace LoraWal.Fuzz;

/// <summary>Opening a directory with arbitrary content, reading it, and going on with it: a typed error and nothing
/// changed, or a log that keeps what it shows; in memory and calls in proportion to the directory's size.</summary>
internal static class OpenTarget
{
    private const ulong Fence = 1000;
    // Measured over a corpus that afl-fuzz had grown: 6 bytes for each in the directory, simulated disk and the hex
    // strings of this target included, and 47 calls.
    private const long FixedBytes = 512 * 1024;
    private const int BytesPerByte = 10;

    public static void Run(byte[] input)
    {
        DirectoryScript script = DirectoryScript.Read(input);
        TestLog log = new();
        log.Disk.Mount().CreateDirectory();
        foreach ((string name, byte[] bytes) in script.Files)
        {
            log.Disk.Damage.WriteAll(name, bytes);
        }

        log.Options.TornTail = script.RefusesTorn ? TornTailPolicy.Refuse : TornTailPolicy.SetAside;
        log.Options.ReplayAfter = script.HasFence ? new Lsn(Fence) : Lsn.None;
        log.Options.SyncMode = SyncMode.PerCommit;
        Check(log, script.Files);
    }

    /// <summary>Opens a log, and checks everything that must hold whatever its directory holds.</summary>
    /// <param name="log">The log; not open.</param>
    /// <param name="files">The directory's files.</param>
    /// <returns>What reading yields, as far as it gets; null if opening was refused.</returns>
    public static List<ShownRecord>? Check(TestLog log, IReadOnlyDictionary<string, byte[]> files)
    {
        long size = files.Sum(file => (long)file.Value.Length) + log.Options.SegmentTargetBytes;
        long calls = log.Disk.Counters.OperationCount;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Wal wal;
        List<ShownRecord> shown;
        bool isWhole;
        try
        {
            wal = log.Open();
            isWhole = TryRead(wal, out shown);
        }
        catch (Exception refused) when (refused is WalException or StorageException)
        {
            CheckCost(log, allocated, calls, size);
            if (refused is WalCorruptException)
            {
                CheckUntouched(log, files, _ => true);
            }

            return null;
        }

        CheckCost(log, allocated, calls, size);
        CheckUntouched(
            log, files, name => name.EndsWith(".torn", StringComparison.Ordinal) || name == DirectoryScript.Notes);
        for (int i = 1; i < shown.Count; i++)
        {
            FuzzTargets.Check(shown[i].Lsn > shown[i - 1].Lsn, "LSNs go back");
        }

        if (isWhole)
        {
            GoOn(log, wal, shown);
        }

        return shown;
    }

    private static bool TryRead(Wal wal, out List<ShownRecord> shown)
    {
        shown = [];
        try
        {
            foreach (WalTransaction transaction in wal.ReadAsync().ToBlockingEnumerable())
            {
                foreach (WalRecord record in transaction)
                {
                    shown.Add(new ShownRecord(
                        record.Lsn.Value, record.RecordType, Convert.ToHexString(record.Payload.Span)));
                }
            }

            return true;
        }
        catch (Exception refused) when (refused is WalException or StorageException)
        {
            return false;
        }
    }

    // What has been shown is durable: it survives a crash, and another one, and what is appended comes behind it.
    private static void GoOn(TestLog log, Wal wal, List<ShownRecord> shown)
    {
        Lsn next = wal.Status.NextLsn;
        Lsn lsn = wal.Append([1, 2, 3], 7);
        FuzzTargets.Check(lsn == next && lsn > wal.Recovery.LastLsn, "an append took another LSN than the next");
        for (int life = 0; life < 2; life++)
        {
            log.PowerCut(CrashStyle.Nothing);
            bool isWhole = TryRead(log.Open(), out List<ShownRecord> again);
            FuzzTargets.Check(isWhole, "a log that could be read cannot be read any more");
            FuzzTargets.Check(again.Count == shown.Count + 1, $"{again.Count} records instead of {shown.Count} + 1");
            FuzzTargets.Check(again.Take(shown.Count).SequenceEqual(shown), "records have changed");
            FuzzTargets.Check(again[^1] == new ShownRecord(lsn.Value, 7, "010203"), "the append is another one");
        }
    }

    private static void CheckCost(TestLog log, long allocatedBefore, long callsBefore, long size)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        long calls = log.Disk.Counters.OperationCount - callsBefore;
        FuzzTargets.Check(
            allocated <= FixedBytes + (BytesPerByte * size), $"{allocated} bytes allocated for a directory of {size}");
        FuzzTargets.Check(calls <= 100 + (size / 1024), $"{calls} calls for a directory of {size} bytes");
    }

    private static void CheckUntouched(
        TestLog log, IReadOnlyDictionary<string, byte[]> files, Func<string, bool> mustBe)
    {
        foreach ((string name, byte[] bytes) in files.Where(file => mustBe(file.Key)))
        {
            FuzzTargets.Check(
                log.Disk.Names.Contains(name) && log.Disk.ReadAll(name).AsSpan().SequenceEqual(bytes),
                $"{name} has been touched");
        }
    }
}

/// <summary>A record as a reader sees it.</summary>
/// <param name="Lsn">Its LSN.</param>
/// <param name="Type">Its type.</param>
/// <param name="Payload">Its payload in hex.</param>
internal readonly record struct ShownRecord(ulong Lsn, ushort Type, string Payload);
