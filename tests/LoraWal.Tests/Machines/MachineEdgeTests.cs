using LoraWal.TestSupport;
using LoraWal.Tests.Concurrency;
using LoraWal.Tests.Log;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Machines;

/// <summary>Machines beside a full disk, a cancelled call, another machine and a stop.</summary>
public class MachineEdgeTests
{
    private static readonly byte[] Large = new byte[20_000];

    [Fact]
    public void A_machine_that_nobody_has_opened_yet_holds_back_the_truncation_of_others()
    {
        TestLog log = new();
        SnapshotOptions one = new() { Keep = 1 };
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> often = log.Start(wal, new FoldMachine(), one);
        WalStateMachine<FoldMachine> late = log.Start(wal, new FoldMachine(), one, "late");
        log.ExecuteMany(often, 1, 6, size: 20_000);
        log.Finish(late.WaitForAppliedAsync(new Lsn(6)));
        log.Checkpoint(late);
        log.ExecuteMany(often, 7, 18, size: 20_000);
        log.Checkpoint(often);
        log.Kill();

        wal = log.Open();
        TruncateResult result = log.Finish(wal.TruncateAsync(new Lsn(18)));
        FoldMachine state = new();
        log.Start(wal, state, one, "late");

        Assert.Equal(["state machine late"], result.HeldBackBy.Select(hold => hold.Holder));
        Assert.Equal((new Lsn(6), MachineVerbs.Fold(18, 20_000)), (state.LoadedAt, state.State));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_after_its_record_has_an_LSN_says_so()
    {
        TestLog log = new() { Options = { SyncMode = SyncMode.PerCommit } };
        FoldMachine machine = new();
        WalStateMachine<FoldMachine> host = log.Start(
            log.Open(), machine, new SnapshotOptions { ApplyWhen = ApplyWhen.Durable });
        using CancellationTokenSource cancel = new();
        log.Disk.Faults = operation =>
        {
            if (operation.Kind == DiskOperationKind.Sync)
            {
                cancel.Cancel(); // the caller leads its own sync: too late for it to be cancelled
            }

            return FaultAction.None;
        };

        ValueTask<Lsn> execute = host.ExecuteAsync(Large, cancellationToken: cancel.Token);

        WalWaitCanceledException told = await Assert.ThrowsAsync<WalWaitCanceledException>(() => execute.AsTask());
        Assert.Equal(new Lsn(1), told.Lsn);
        log.Work.RunAll();
        Assert.Equal([1], machine.Applied);
    }

    [Fact]
    public void A_record_with_the_LSN_of_a_dropped_one_is_executed_all_the_same()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(
            wal, new FoldMachine(), new SnapshotOptions { ApplyWhen = ApplyWhen.Durable });
        Lsn dropped = DroppedRecordTests.DropBuffered(log, wal);

        ValueTask<Lsn> execute = host.ExecuteAsync(new byte[3]);
        wal.FlushTick();

        Assert.Equal(dropped, log.Finish(execute));
    }

    [Fact]
    public async Task A_snapshot_leaves_the_report_of_dropped_records_to_those_who_ask()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine());
        DroppedRecordTests.DropBuffered(log, wal);
        log.Finish(host.ExecuteAsync(new byte[3]));

        Assert.Equal(wal.Status.WrittenLsn, log.Checkpoint(host));

        await Assert.ThrowsAsync<WalFullException>(() => wal.SyncAsync().AsTask());
    }

    [Fact]
    public void A_full_log_makes_room_by_a_snapshot_though_fewer_are_there_than_are_kept()
    {
        TestLog log = new() { Options = { MaxLogBytes = 3 * WalOptions.MinSegmentTargetBytes } };
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine());
        int last = ExecuteUntilFull(log, host);

        CheckpointTests.Until(log, () => wal.Status.OldestLsn > new Lsn(1));

        Assert.Equal(new Lsn((ulong)last + 1), log.Finish(host.ExecuteAsync(Large)));
        Assert.Single(log.Snapshots());
    }

    [Fact]
    public void A_poisoned_log_gets_no_snapshot_though_all_that_is_applied_is_durable()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(
            wal, new FoldMachine(), new SnapshotOptions { ApplyWhen = ApplyWhen.Durable });
        wal.AppendMany(1, 1);
        log.Sync(wal);
        log.Finish(host.WaitForAppliedAsync(new Lsn(1)));
        wal.AppendMany(2, 2);
        log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.Fail("EIO")).Decide;
        Assert.Throws<WalPoisonedException>(() => log.Sync(wal));

        Assert.Throws<WalPoisonedException>(() => log.Checkpoint(host));

        Assert.Empty(log.Snapshots());
    }

    [Fact]
    public void A_stopped_machine_refuses_before_anything_is_appended()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine());
        log.Stop(host);

        Assert.Throws<ObjectDisposedException>(() => log.Finish(host.ExecuteAsync(Large)));
        Assert.Throws<ObjectDisposedException>(() => log.Checkpoint(host));
        Assert.Equal(new Lsn(1), wal.Status.NextLsn);
    }

    [Fact]
    public void A_failed_machine_does_not_try_for_snapshots_for_ever()
    {
        TestLog log = new();
        Wal wal = log.Open();
        FoldMachine machine = new();
        WalStateMachine<FoldMachine> host = log.Start(wal, machine, new SnapshotOptions { EveryCommits = 1 });
        machine.OnApply = record =>
        {
            if (record.Lsn.Value > 1)
            {
                throw new FormatException();
            }
        };
        wal.AppendMany(1, 2);

        log.Work.RunAll(limit: 100);

        Assert.NotNull(host.Status.Fault);
    }

    [Fact]
    public async Task Stopping_waits_for_a_snapshot_under_way()
    {
        TestLog log = new();
        await using Wal wal = log.OpenBeside();
        TaskCompletionSource saving = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FoldMachine machine = new();
        WalStateMachine<FoldMachine> host = await WalStateMachine.OpenAsync(
            wal, machine, new SnapshotOptions { OnShutdown = false });
        await host.ExecuteAsync(Large);
        machine.OnSave = () =>
        {
            saving.SetResult();
            return go.Task;
        };
        Task<Lsn> checkpoint = host.CheckpointAsync().AsTask();
        await saving.Task.WaitAsync(Storm.HangGuard);

        Task stop = host.DisposeAsync().AsTask();

        Assert.False(stop.IsCompleted);
        go.SetResult();
        await checkpoint.WaitAsync(Storm.HangGuard);
        await stop.WaitAsync(Storm.HangGuard);
    }

    private static int ExecuteUntilFull(TestLog log, WalStateMachine<FoldMachine> host)
    {
        for (int done = 0; ; done++)
        {
            try
            {
                log.Finish(host.ExecuteAsync(Large));
            }
            catch (WalFullException)
            {
                return done;
            }
        }
    }
}
