using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Machines;

/// <summary>Stops a machine's life at every call that changes the disk, in every way, and looks at what starts
/// then.</summary>
public class MachineCrashTests
{
    private const int Size = 15_000;
    private const int Records = 14;

    private static readonly Lazy<(long Count, ulong Hash)[]> Folds =
        new(() => [.. Enumerable.Range(0, Records + 1).Select(last => MachineVerbs.Fold(last, Size))]);

    [Theory]
    [InlineData(SyncMode.PerCommit, 1)]
    [InlineData(SyncMode.PerCommit, 2)]
    [InlineData(SyncMode.GroupSync, 1)]
    public void Whatever_step_of_snapshot_marker_and_truncation_a_crash_falls_on_the_state_is_the_logs(
        SyncMode mode, int keep)
    {
        TestLog prepared = new();
        Configure(prepared, mode);
        Wal wal = prepared.Open();
        wal.AppendMany(1, 9, Size);
        prepared.Close(wal);
        int swept = 0;
        bool stopped = true;
        for (int nth = 1; stopped; nth++)
        {
            stopped = false;
            foreach (CrashPhase phase in Enum.GetValues<CrashPhase>())
            {
                stopped |= RunOnce(prepared.Disk, mode, keep, nth, phase);
            }

            swept = nth;
        }

        Assert.InRange(swept, 40, 1000);
    }

    private static void Configure(TestLog log, SyncMode mode) => log.Options.SyncMode = mode;

    private static bool RunOnce(SimulatedDisk before, SyncMode mode, int keep, int nth, CrashPhase phase)
    {
        TestLog log = new(nth, before.Clone());
        Configure(log, mode);
        log.Disk.Faults = new FaultPlan().CrashAtMutation(nth, phase).Decide;
        int tried = 9;
        int applied = 9;
        int durable = 9;
        try
        {
            Wal wal = log.Open();
            WalStateMachine<FoldMachine> host = log.Start(
                wal, new FoldMachine(), new SnapshotOptions { Keep = keep });
            foreach (int last in (int[])[10, 12, Records])
            {
                durable = Math.Max(durable, (int)log.Checkpoint(host).Value);
                while (tried < last)
                {
                    tried++;
                    log.ExecuteMany(host, tried, tried, Size);
                    applied = tried;
                    durable = mode == SyncMode.PerCommit ? tried : durable;
                }
            }

            durable = Math.Max(durable, (int)log.Checkpoint(host).Value);
        }
        catch (Exception) when (log.Disk.IsCrashed)
        {
            // whatever it was: the machine has stopped
        }

        if (!log.Disk.IsCrashed)
        {
            return false;
        }

        Check(log, mode, keep, (applied, tried), kill: true, $"call {nth}, {phase}, kill");
        Check(log, mode, keep, (durable, tried), kill: false, $"call {nth}, {phase}, power cut");
        return true;
    }

    private static void Check(
        TestLog log, SyncMode mode, int keep, (int Least, int Most) range, bool kill, string when)
    {
        TestLog fork = new(3, log.Disk.Clone());
        Configure(fork, mode);
        if (kill)
        {
            fork.Kill();
        }
        else
        {
            fork.PowerCut();
        }

        try
        {
            FoldMachine machine = new();
            Wal wal = fork.Open();
            WalStateMachine<FoldMachine> host = fork.Start(wal, machine, new SnapshotOptions { Keep = keep });
            int count = (int)machine.State.Count;
            Assert.InRange(count, range.Least, range.Most);
            Assert.Equal(Folds.Value[count], machine.State);
            Assert.True(wal.Status.CheckpointLsn <= host.Status.SnapshotLsn, "A marker without its snapshot.");
            Assert.DoesNotContain(fork.Snapshots(), name => name.EndsWith(".tmp", StringComparison.Ordinal));

            Assert.Equal(new Lsn((ulong)count), fork.Checkpoint(host)); // and life goes on
            fork.Kill();
            FoldMachine again = new();
            fork.Start(fork.Open(), again);
            Assert.Equal(machine.State, again.State);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{when}: {failure.Message}", failure);
        }
    }
}
