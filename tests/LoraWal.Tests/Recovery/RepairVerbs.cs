using LoraWal.Recovery;
using LoraWal.Segments;
using LoraWal.TestSupport;
using LoraWal.Tests.Reading;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Recovery;

/// <summary>Verbs for tests that damage a log of 200 records and cut it.</summary>
internal static class RepairVerbs
{
    public const string Second = "0000000002.wal";
    public const string Fourth = "0000000004.wal";

    // 54 records of this size fill a segment.
    public const int Size = 1000;

    public static TheoryData<string, int> Damages => new()
    {
        { "payload in the newest", 180 },
        { "header of the newest", 174 },
        { "payload in the middle", 80 },
        { "nothing, cut in the newest", 190 },
        { "nothing, cut in the middle", 100 },
        { "the newest is missing", 174 },
        { "one in the middle is missing", 58 },
    };

    public static IReadOnlyList<string> Cut(TestLog log, int last, bool withoutEvidence = false)
    {
        using SimulatedStorage storage = log.Disk.Mount();
        RepairPlan plan = RepairPlan.Make(storage, (ulong)last);
        return new LogRepair(new SegmentFiles(storage), log.Time.GetUtcNow()).Run(plan, withoutEvidence);
    }

    /// <summary>Damages a log and returns the last LSN that can be kept.</summary>
    public static int Hurt(TestLog log, string damage, int last)
    {
        IReadOnlyList<WalSegmentInfo> segments = log.Reader().Inspect().Segments;
        switch (damage)
        {
            case "payload in the newest":
            case "payload in the middle":
                Assert.True(FlipRecord(log, last + 1));
                return last;
            case "header of the newest":
                log.Disk.Damage.FlipBit(Fourth, 50, 1);
                return (int)segments[2].LastLsn!.Value.Value;
            case "the newest is missing":
                log.Disk.Damage.DeleteFile(Fourth);
                return (int)segments[2].LastLsn!.Value.Value;
            case "one in the middle is missing":
                log.Disk.Damage.DeleteFile("0000000003.wal");
                return (int)segments[1].LastLsn!.Value.Value;
            default:
                return last;
        }
    }

    public static bool FlipRecord(TestLog log, int number)
    {
        byte[] payload = Payload(number, Size);
        foreach (string name in log.Disk.Names)
        {
            int at = log.Disk.ReadAll(name).AsSpan().IndexOf(payload);
            if (at >= 0)
            {
                log.Disk.Damage.FlipBit(name, at + 10, 3);
                return true;
            }
        }

        return false;
    }

    /// <summary>Every byte that was in a file and is not any more is in the evidence, at the offset that it
    /// names.</summary>
    public static void AssertEvidence(TestLog log, string[] names, byte[][] before, IReadOnlyList<string> evidence)
    {
        foreach ((string name, byte[] bytes) in names.Zip(before))
        {
            string id = name[..10];
            byte[] now = log.Disk.Names.Contains(name) ? log.Disk.ReadAll(name) : [];
            int kept = bytes.AsSpan().CommonPrefixLength(now);
            int end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            if (!name.EndsWith(".wal", StringComparison.Ordinal) || kept >= end)
            {
                continue;
            }

            bool isKept = evidence.Any(file =>
            {
                string[] parts = file.Split('-', '.', '+');
                return parts[0] == id && file.Contains(".torn", StringComparison.Ordinal)
                    && int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) is int offset
                    && offset <= kept
                    && bytes.AsSpan(offset, end - offset).SequenceEqual(
                        log.Disk.ReadAll(file).AsSpan(0, Math.Min(end - offset, log.Disk.ReadAll(file).Length)));
            });
            Assert.True(isKept, $"{name}: the bytes from {kept} to {end} are in none of {string.Join(", ", evidence)}");
        }
    }
}
