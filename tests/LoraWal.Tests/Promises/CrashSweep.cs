using System.Globalization;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Promises;

/// <summary>What a run had achieved when it was stopped, in records counted from LSN 1.</summary>
internal sealed class Progress
{
    /// <summary>The last record that an append was begun for.</summary>
    public int Tried { get; set; }

    /// <summary>The last record whose append has returned: it survives a kill.</summary>
    public int Written { get; set; }

    /// <summary>The last record that is known to be durable: it survives a power cut.</summary>
    public int Durable { get; set; }

    /// <summary>The last record that truncation may have taken.</summary>
    public int Truncated { get; set; }

    /// <summary>Appends records, up to this one, durable at once or only written.</summary>
    public void Append(Wal wal, int last, int size, AppendDurability durability)
    {
        while (Tried < last)
        {
            Tried++;
            wal.Append(LogVerbs.Payload(Tried, size), (ushort)Tried, durability);
            Written = Tried;
            Durable = durability == AppendDurability.Durable ? Tried : Durable;
        }
    }
}

/// <summary>Stops a run at every call that changes the disk, in every way, and looks at what opens then.</summary>
internal static class CrashSweep
{
    private static readonly (string Name, Action<TestLog> Stop, bool KeepsWritten)[] Ways =
    [
        ("kill", log => log.Kill(), true),
        ("power cut, nothing", log => log.PowerCut(CrashStyle.Nothing, DirectoryCrash.OrderedPrefix), false),
        ("power cut, everything", log => log.PowerCut(CrashStyle.Everything), false),
        ("power cut, any", log => log.PowerCut(), false),
    ];

    /// <summary>Runs, stops, opens and checks, until a run is not stopped any more.</summary>
    /// <param name="before">The disk to begin with.</param>
    /// <param name="size">Payload bytes of each record.</param>
    /// <param name="run">What is stopped.</param>
    /// <param name="configure">Settings of the log.</param>
    /// <returns>How many calls were swept.</returns>
    public static int Run(
        SimulatedDisk before, int size, Action<TestLog, Progress> run, Action<WalOptions>? configure = null)
    {
        for (int nth = 1; ; nth++)
        {
            bool stopped = false;
            foreach (CrashPhase phase in Enum.GetValues<CrashPhase>())
            {
                stopped |= RunOnce(before, size, run, configure, nth, phase);
            }

            if (!stopped)
            {
                return nth - 1;
            }
        }
    }

    private static bool RunOnce(
        SimulatedDisk before,
        int size,
        Action<TestLog, Progress> run,
        Action<WalOptions>? configure,
        int nth,
        CrashPhase phase)
    {
        TestLog log = new(nth, before.Clone());
        configure?.Invoke(log.Options);
        log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, phase).Decide;
        Progress progress = new();
        try
        {
            run(log, progress);
        }
        catch (Exception) when (log.Disk.IsCrashed)
        {
            // whatever it was: the machine has stopped
        }

        if (!log.Disk.IsCrashed)
        {
            return false;
        }

        foreach ((string name, Action<TestLog> stop, bool keepsWritten) in Ways)
        {
            // A copy of a stopped machine runs again; what the dead process had in hand is gone either way.
            TestLog fork = new(nth, log.Disk.Clone());
            configure?.Invoke(fork.Options);
            stop(fork);
            Check(fork, progress, size, keepsWritten, $"call {nth}, {phase}, {name}");
        }

        return true;
    }

    private static void Check(TestLog log, Progress progress, int size, bool keepsWritten, string when)
    {
        try
        {
            List<string> found = OpenTwice(log);
            int promised = keepsWritten ? progress.Written : progress.Durable;
            int oldest = found.Count == 0 ? 1 : NumberOf(found[0]);
            int last = found.Count == 0 ? 0 : NumberOf(found[^1]);
            Assert.InRange(last, promised, progress.Tried);
            Assert.InRange(oldest, 1, progress.Truncated + 1);
            Assert.Equal(LogVerbs.Numbered(oldest, last, size), found);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{when}: {failure.Message}", failure);
        }
    }

    private static int NumberOf(string record) =>
        int.Parse(record.AsSpan(0, record.IndexOf(' ')), CultureInfo.InvariantCulture);

    private static List<string> OpenTwice(TestLog log)
    {
        Wal wal = log.Open();
        List<string> found = wal.Read();
        wal.Append([1, 2, 3], 0, AppendDurability.Durable);
        log.PowerCut(CrashStyle.Nothing, DirectoryCrash.Subset);

        Wal again = log.Open();
        List<string> later = again.Read();
        Assert.Equal(found, later.Take(later.Count - 1));
        Assert.Equal(again.Status.NextLsn, new Lsn(wal.Status.NextLsn.Value));
        return found;
    }
}
