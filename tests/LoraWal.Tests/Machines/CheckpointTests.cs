using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Machines;

/// <summary>When snapshots are taken, what goes then, and what a failure costs.</summary>
public class CheckpointTests
{
    [Fact]
    public void Nothing_is_truncated_before_as_many_snapshots_are_kept_as_asked_for()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine());
        log.ExecuteMany(host, 1, 6, size: 20_000);
        log.Checkpoint(host);
        Assert.Equal(new Lsn(6), wal.Status.CheckpointLsn);
        Assert.Equal(new Lsn(1), wal.Status.OldestLsn);

        log.ExecuteMany(host, 7, 12, size: 20_000);
        log.Checkpoint(host);
        Assert.InRange(wal.Status.OldestLsn, new Lsn(2), new Lsn(7)); // what follows the older one is there
        log.ExecuteMany(host, 13, 18, size: 20_000);
        log.Checkpoint(host);
        Assert.InRange(wal.Status.OldestLsn, new Lsn(8), new Lsn(13));
        Assert.Equal(
            ["snapshot-00000000000000000012.snap", "snapshot-00000000000000000018.snap"], log.Snapshots());
    }

    [Fact]
    public void A_machine_holds_back_the_truncation_of_others()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> often = log.Start(wal, new FoldMachine(), new SnapshotOptions { Keep = 1 });
        FoldMachine slow = new();
        WalStateMachine<FoldMachine> rarely = log.Start(wal, slow, name: "rarely");
        log.ExecuteMany(often, 1, 12, size: 20_000);
        log.Checkpoint(often);
        Assert.Equal(new Lsn(1), wal.Status.OldestLsn);
        log.Sync(wal);
        TruncateResult result = log.Finish(wal.TruncateAsync(new Lsn(12)));
        Assert.Equal(["state machine rarely"], result.HeldBackBy.Select(hold => hold.Holder));

        log.Stop(rarely);
        Assert.Equal(
            ["snapshot-00000000000000000012-rarely.snap", "snapshot-00000000000000000012.snap"], log.Snapshots());
    }

    [Fact]
    public void Every_so_many_commits_a_snapshot_is_taken()
    {
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(
            log.Open(), new FoldMachine(), new SnapshotOptions { EveryCommits = 4 });
        log.ExecuteMany(host, 1, 3);
        log.Work.RunAll();
        Assert.Empty(log.Snapshots());
        log.ExecuteMany(host, 4, 4);
        Until(log, () => host.Status.SnapshotLsn == new Lsn(4));
        log.ExecuteMany(host, 5, 7);
        log.Work.RunAll();
        Assert.Equal(new Lsn(4), host.Status.SnapshotLsn);
        log.ExecuteMany(host, 8, 8);
        Until(log, () => host.Status.SnapshotLsn == new Lsn(8));
    }

    [Fact]
    public void Every_so_many_bytes_of_log_a_snapshot_is_taken()
    {
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(
            log.Open(), new FoldMachine(), new SnapshotOptions { EveryBytes = 3_100 });
        log.ExecuteMany(host, 1, 3, size: 1000); // each of 1032 bytes
        log.Work.RunAll();
        Assert.Empty(log.Snapshots());
        log.ExecuteMany(host, 4, 4, size: 1000);
        Until(log, () => host.Status.SnapshotLsn == new Lsn(4));
    }

    [Fact]
    public void After_every_interval_a_snapshot_is_taken_if_there_is_news()
    {
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(
            log.Open(), new FoldMachine(), new SnapshotOptions { Interval = TimeSpan.FromMinutes(1) });
        log.Time.Advance(TimeSpan.FromMinutes(1));
        log.Work.RunAll();
        Assert.Empty(log.Snapshots());
        log.ExecuteMany(host, 1, 3);
        log.Time.Advance(TimeSpan.FromSeconds(59));
        log.Work.RunAll();
        Assert.Empty(log.Snapshots());
        log.Time.Advance(TimeSpan.FromSeconds(1));
        Until(log, () => host.Status.SnapshotLsn == new Lsn(3));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_machine_that_stops_leaves_a_snapshot_if_asked_to(bool onShutdown)
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(
            wal, new FoldMachine(), new SnapshotOptions { OnShutdown = onShutdown });
        log.ExecuteMany(host, 1, 3);
        wal.AppendMany(4, 4); // nobody has waited for it
        log.Stop(host);
        Assert.Equal(onShutdown ? ["snapshot-00000000000000000004.snap"] : [], log.Snapshots());
    }

    [Fact]
    public void Applying_goes_on_while_a_prepared_snapshot_is_written()
    {
        TestLog log = new();
        TaskCompletionSource hold = new();
        FoldView? view = null;
        FoldMachine machine = new() { OnPrepare = state => view = new FoldView(state, () => hold.Task) };
        WalStateMachine<FoldMachine> host = log.Start(log.Open(), machine);
        log.ExecuteMany(host, 1, 3);
        Task<Lsn> snapshot = host.CheckpointAsync().AsTask();
        log.ExecuteMany(host, 4, 6);
        Assert.False(snapshot.IsCompleted);
        hold.SetResult();
        Assert.Equal(new Lsn(3), log.Finish(new ValueTask<Lsn>(snapshot)));
        Assert.True(view!.IsDisposed);
        log.Kill();

        FoldMachine again = new();
        log.Start(log.Open(), again);
        Assert.Equal(new Lsn(3), again.LoadedAt);
        Assert.Equal(MachineVerbs.Fold(6), again.State);
    }

    [Fact]
    public void Without_a_view_applying_waits_for_the_snapshot_and_appending_does_not()
    {
        TestLog log = new();
        TaskCompletionSource hold = new();
        FoldMachine machine = new() { OnSave = () => hold.Task };
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, machine);
        log.ExecuteMany(host, 1, 3);
        Task<Lsn> snapshot = host.CheckpointAsync().AsTask();
        Task<Lsn> execute = host.ExecuteAsync(LogVerbs.Payload(4), 4).AsTask();
        log.Work.RunAll();
        Assert.Equal(new Lsn(4), wal.Status.WrittenLsn);
        Assert.False(execute.IsCompleted);
        Assert.Equal(3, host.Read(state => state.State.Count));
        hold.SetResult();
        Assert.Equal(new Lsn(3), log.Finish(new ValueTask<Lsn>(snapshot)));
        Assert.Equal(new Lsn(4), log.Finish(new ValueTask<Lsn>(execute)));
    }

    [Theory]
    [InlineData(DiskOperationKind.Create)]
    [InlineData(DiskOperationKind.Write)]
    [InlineData(DiskOperationKind.Sync)]
    [InlineData(DiskOperationKind.Replace)]
    [InlineData(DiskOperationKind.SyncDirectory)]
    public void A_snapshot_that_fails_loses_nothing_and_truncates_nothing_and_the_next_one_succeeds(
        DiskOperationKind kind)
    {
        TestLog log = new();
        ListLogger logger = new();
        Wal wal = WalOpener.Open(log.Options, log.CreateEnvironment() with { LoggerFactory = logger });
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine(), new SnapshotOptions { Keep = 1 });
        log.ExecuteMany(host, 1, 6, size: 20_000);
        log.Checkpoint(host);
        log.ExecuteMany(host, 7, 12, size: 20_000);
        log.Work.RunAll();
        WalStatus before = wal.Status;
        FaultPlan plan = new FaultPlan().On(
            kind,
            kind is DiskOperationKind.Sync or DiskOperationKind.SyncDirectory
                ? FaultAction.FailSync()
                : FaultAction.Fail("ENOSPC"),
            name: kind == DiskOperationKind.SyncDirectory ? null : ".snap.tmp");
        log.Disk.Faults = plan.Decide;

        Assert.ThrowsAny<IOException>(() => log.Checkpoint(host));
        Assert.Equal(1, plan.Hits);
        Assert.Equal(1, logger.Count(502));
        Assert.Equal(1, host.Status.SnapshotFailures);
        Assert.Equal(before.OldestLsn, wal.Status.OldestLsn);
        Assert.Equal(new Lsn(6), wal.Status.CheckpointLsn);
        Assert.Equal(["snapshot-00000000000000000006.snap"], log.Snapshots());
        Assert.Null(wal.Status.Fault);

        TestLog fork = log.Fork();
        FoldMachine restarted = new();
        fork.Start(fork.Open(), restarted);
        Assert.Equal(MachineVerbs.Fold(12, 20_000), restarted.State);

        log.ExecuteMany(host, 13, 13, size: 20_000);
        Assert.Equal(new Lsn(13), log.Checkpoint(host));
        Assert.Equal(0, host.Status.SnapshotFailures);
        Assert.Null(host.Status.SnapshotFailure);
        Assert.True(wal.Status.OldestLsn > before.OldestLsn, $"{wal.Status.OldestLsn}");
    }

    [Fact]
    public void A_full_disk_fails_snapshots_until_there_is_space_again()
    {
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(
            log.Open(), new FoldMachine { Filler = 100_000 }, new SnapshotOptions { EveryCommits = 2 });
        log.ExecuteMany(host, 1, 1);
        log.Work.RunAll();
        log.Disk.CapacityBytes = log.Disk.Names.Sum(name => (long)log.Disk.LengthOf(name)) + 50_000;
        log.ExecuteMany(host, 2, 2);
        Until(log, () => host.Status.SnapshotFailures == 1);
        log.ExecuteMany(host, 3, 4);
        Until(log, () => host.Status.SnapshotFailures == 2);
        Assert.Empty(log.Snapshots());

        log.Disk.CapacityBytes = null;
        log.ExecuteMany(host, 5, 6);
        Until(log, () => host.Status.SnapshotLsn == new Lsn(6) && host.Status.SnapshotFailures == 0);
    }

    [Fact]
    public void A_state_that_cannot_be_saved_harms_neither_machine_nor_log()
    {
        TestLog log = new();
        FoldMachine machine = new() { OnSave = () => throw new FormatException("no") };
        WalStateMachine<FoldMachine> host = log.Start(log.Open(), machine);
        log.ExecuteMany(host, 1, 2);
        Assert.Throws<FormatException>(() => log.Checkpoint(host));
        log.ExecuteMany(host, 3, 3);
        Assert.Null(host.Status.Fault);
        machine.OnSave = null;
        Assert.Equal(new Lsn(3), log.Checkpoint(host));
    }

    [Fact]
    public void A_checkpoint_without_news_takes_no_snapshot()
    {
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(log.Open(), new FoldMachine());
        Assert.Equal(Lsn.None, log.Checkpoint(host));
        log.ExecuteMany(host, 1, 3);
        log.Checkpoint(host);
        Assert.Equal(new Lsn(3), log.Checkpoint(host));
        Assert.Single(log.Snapshots());
    }

    internal static void Until(TestLog log, Func<bool> reached)
    {
        for (int i = 0; i < 1_000_000 && !reached(); i++)
        {
            if (!log.Work.RunNext())
            {
                Thread.Yield();
            }
        }

        Assert.True(reached());
    }
}
