using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Machines;

public class MachineTests
{
    [Fact]
    public void Execute_returns_when_the_record_is_applied()
    {
        TestLog log = new();
        FoldMachine machine = new();
        WalStateMachine<FoldMachine> host = log.Start(log.Open(), machine);
        log.ExecuteMany(host, 1, 10);

        Assert.Equal(MachineVerbs.Fold(10), machine.State);
        Assert.Equal(new Lsn(10), host.Status.AppliedLsn);
    }

    [Fact]
    public void Records_that_others_append_are_applied_exactly_once_and_in_order()
    {
        TestLog log = new();
        FoldMachine machine = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, machine);
        wal.AppendMany(1, 3);
        log.ExecuteMany(host, 4, 4);
        using WalBatch batch = LogVerbs.Batch(5, 8);
        Assert.Equal(new Lsn(8), log.Finish(host.ExecuteAsync(batch)));
        wal.AppendMany(9, 9);
        log.Finish(host.WaitForAppliedAsync(new Lsn(9)));

        Assert.Equal(Enumerable.Range(1, 9).Select(lsn => (ulong)lsn), machine.Applied);
        Assert.Equal(MachineVerbs.Fold(9), machine.State);
    }

    [Fact]
    public void After_a_restart_the_state_is_that_of_the_snapshot_and_the_records_above_it()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine());
        log.ExecuteMany(host, 1, 6);
        Assert.Equal(new Lsn(6), log.Checkpoint(host));
        log.ExecuteMany(host, 7, 9);
        log.Kill();

        FoldMachine again = new();
        log.Start(log.Open(), again);
        Assert.Equal(new Lsn(6), again.LoadedAt);
        Assert.Equal([7, 8, 9], again.Applied);
        Assert.Equal(MachineVerbs.Fold(9), again.State);
    }

    [Fact]
    public void Nothing_is_applied_before_it_is_durable_when_asked_for()
    {
        TestLog log = new();
        FoldMachine machine = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(
            wal, machine, new SnapshotOptions { ApplyWhen = ApplyWhen.Durable });
        wal.AppendMany(1, 3);
        log.Work.RunAll();
        Assert.Empty(machine.Applied);

        log.Sync(wal);
        log.Work.RunAll();
        Assert.Equal([1, 2, 3], machine.Applied);
        Task<Lsn> fourth = host.ExecuteAsync(LogVerbs.Payload(4), 4).AsTask();
        log.Work.RunAll();
        Assert.False(fourth.IsCompleted);
        log.Sync(wal);
        Assert.Equal(new Lsn(4), log.Finish(new ValueTask<Lsn>(fourth)));
        Assert.Equal([1, 2, 3, 4], machine.Applied);
    }

    [Fact]
    public void Written_records_are_applied_while_their_sync_runs()
    {
        TestLog log = new() { Options = { SyncMode = SyncMode.PerCommit } };
        FoldMachine machine = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, machine);
        int appliedInSync = -1;
        log.Disk.Faults = operation =>
        {
            if (operation.Kind == DiskOperationKind.Sync)
            {
                host.Handle.Runner.CatchUp();
                appliedInSync = machine.Applied.Count;
            }

            return FaultAction.None;
        };
        log.ExecuteMany(host, 1, 1);
        Assert.Equal(1, appliedInSync);
    }

    [Fact]
    public void An_apply_that_throws_ends_the_machine_with_the_LSN_and_leaves_the_log_alone()
    {
        TestLog log = new();
        var cause = new FormatException("not an order");
        FoldMachine machine = new() { OnApply = record => ThrowAt(record, 3, cause) };
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, machine);
        log.ExecuteMany(host, 1, 2);

        var failed = Assert.Throws<WalStateMachineException>(() => log.ExecuteMany(host, 3, 3));
        Assert.Equal(new Lsn(3), failed.Lsn);
        Assert.Same(cause, failed.InnerException);
        Assert.Throws<WalStateMachineException>(() => log.ExecuteMany(host, 4, 4));
        Assert.Throws<WalStateMachineException>(() => host.Read(state => state.State));
        Assert.Throws<WalStateMachineException>(() => log.Checkpoint(host));
        Assert.Equal(new Lsn(3), host.Status.Fault!.Lsn);
        Assert.Equal(new Lsn(4), wal.Status.NextLsn); // the fourth was refused before it was appended
        wal.AppendMany(4, 4);

        log.Kill();
        failed = Assert.Throws<WalStateMachineException>(
            () => log.Start(log.Open(), new FoldMachine { OnApply = record => ThrowAt(record, 3, cause) }));
        Assert.Equal(new Lsn(3), failed.Lsn);
    }

    [Fact]
    public void A_read_sees_no_half_transaction_and_no_apply_beside_it()
    {
        TestLog log = new();
        FoldMachine machine = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, machine);
        using WalBatch batch = LogVerbs.Batch(1, 4);
        log.Finish(wal.CommitAsync(batch));
        long inside = host.Read(40, (state, number) =>
        {
            wal.AppendMany(5, 5);
            return state.State.Count + number;
        });
        Assert.True(inside is 40 or 44, $"{inside}");
        log.Finish(host.WaitForAppliedAsync(new Lsn(5)));
        Assert.Equal(5, host.Read(state => state.State.Count));
    }

    [Fact]
    public void Two_machines_of_one_name_are_refused()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine());
        Assert.Contains(
            "'default' already",
            Assert.Throws<InvalidOperationException>(() => log.Start(wal, new FoldMachine())).Message,
            StringComparison.Ordinal);

        log.Start(wal, new FoldMachine(), name: "other");
        log.Stop(host);
        log.Start(wal, new FoldMachine()); // the name is free again
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("a/b")]
    [InlineData("a.b")]
    public void A_name_that_no_file_can_have_is_refused(string name)
    {
        TestLog log = new();
        Assert.Throws<ArgumentException>(() => log.Start(log.Open(), new FoldMachine(), name: name));
    }

    [Fact]
    public void Settings_out_of_range_are_refused()
    {
        TestLog log = new();
        Wal wal = log.Open();
        SnapshotOptions[] bad =
        [
            new() { Keep = 0 }, new() { EveryBytes = -1 }, new() { EveryCommits = -1 },
            new() { Interval = TimeSpan.FromMilliseconds(1) }, new() { EncryptionKey = new byte[31] },
            new() { ApplyWhen = (ApplyWhen)2 }, new() { Compression = (SnapshotCompression)2 },
        ];
        Assert.All(bad, options => Assert.Throws<ArgumentException>(() => log.Start(wal, new FoldMachine(), options)));
    }

    [Fact]
    public void Poison_reaches_whoever_waits_and_no_snapshot_is_taken()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine());
        log.ExecuteMany(host, 1, 3); // applied, not durable
        log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync(), name: ".wal").Decide;

        Assert.Throws<WalPoisonedException>(() => log.Checkpoint(host));
        Assert.Throws<WalPoisonedException>(() => log.ExecuteMany(host, 4, 4));
        Assert.Throws<WalPoisonedException>(() => log.Finish(host.WaitForAppliedAsync(new Lsn(4))));
        Assert.Equal(3, host.Read(state => state.State.Count)); // reads go on
        Assert.Empty(log.Snapshots());
        Assert.Equal(1, host.Status.SnapshotFailures);
    }

    [Fact]
    public void A_closed_log_and_a_stopped_machine_end_every_wait()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> first = log.Start(wal, new FoldMachine());
        WalStateMachine<FoldMachine> second = log.Start(wal, new FoldMachine(), name: "second");
        Task waits = first.WaitForAppliedAsync(new Lsn(1)).AsTask();
        log.Stop(first);
        Assert.Throws<ObjectDisposedException>(() => waits.GetAwaiter().GetResult());

        waits = second.WaitForAppliedAsync(new Lsn(1)).AsTask();
        log.Close(wal);
        log.Work.RunAll();
        Assert.Throws<ObjectDisposedException>(() => waits.GetAwaiter().GetResult());
    }

    [Fact]
    public void A_wait_that_is_cancelled_ends_and_its_record_is_applied_all_the_same()
    {
        TestLog log = new();
        FoldMachine machine = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(
            wal, machine, new SnapshotOptions { ApplyWhen = ApplyWhen.Durable });
        using CancellationTokenSource cancel = new();
        Task waits = host.WaitForAppliedAsync(new Lsn(1), cancel.Token).AsTask();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => waits.GetAwaiter().GetResult());
        wal.AppendMany(1, 1);
        log.Sync(wal);
        log.Work.RunAll();
        Assert.Equal([1], machine.Applied);
    }

    private static void ThrowAt(WalRecord record, ulong lsn, Exception cause)
    {
        if (record.Lsn.Value == lsn)
        {
            throw cause;
        }
    }
}
