using LoraWal.Machines;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Machines;

public class MachineAllocationTests
{
    private const int Records = 2_000;

    [Theory]
    [InlineData(SyncMode.GroupSync)]
    [InlineData(SyncMode.PerCommit)]
    public void Executing_a_record_allocates_nothing_in_steady_state(SyncMode mode)
    {
        using TemporaryDirectory directory = new();
        Wal wal = Open(directory, mode, out ManualWorkScheduler work);
        WalStateMachine<FoldMachine> host = Start(wal, work);
        byte[] payload = new byte[100];
        Execute(host, payload);
        Execute(host, payload);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Execute(host, payload);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < Records / 10, $"{allocated} bytes for {Records} records");
        Assert.Equal(3 * Records, host.Read(state => state.State.Count));
        Close(wal, work);
    }

    [Fact]
    public void Applying_what_others_appended_allocates_nothing_in_steady_state()
    {
        using TemporaryDirectory directory = new();
        Wal wal = Open(directory, SyncMode.GroupSync, out ManualWorkScheduler work);
        WalStateMachine<FoldMachine> host = Start(wal, work);
        byte[] payload = new byte[100];
        Append(wal, payload);
        host.Handle.Runner.CatchUp();
        Append(wal, payload);

        long before = GC.GetAllocatedBytesForCurrentThread();
        host.Handle.Runner.CatchUp();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < Records / 10, $"{allocated} bytes for {Records} records");
        Assert.Equal(2 * Records, host.Read(state => state.State.Count));
        Close(wal, work);
    }

    [Fact]
    public void Waiting_for_a_record_to_be_applied_allocates_nothing_in_steady_state()
    {
        MachineWaiters waiters = new();
        Wait(waiters, 1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Wait(waiters, Records);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < Records / 10, $"{allocated} bytes for {Records} waits");
    }

    private static Wal Open(TemporaryDirectory directory, SyncMode mode, out ManualWorkScheduler work)
    {
        work = new ManualWorkScheduler();
        WalOptions options = new() { Directory = directory.Path, SyncMode = mode };
        return Wal.Open(
            options, WalEnvironment.OnDisk(options.Directory) with { StartsFlusher = false, Work = work });
    }

    private static WalStateMachine<FoldMachine> Start(Wal wal, ManualWorkScheduler work)
    {
        FoldMachine machine = new() { KeepsApplied = false };
        Task<WalStateMachine<FoldMachine>> start = WalStateMachine.OpenAsync(wal, machine).AsTask();
        RunUntil(start, work);
        return start.GetAwaiter().GetResult();
    }

    private static void Execute(WalStateMachine<FoldMachine> host, byte[] payload)
    {
        for (int i = 0; i < Records; i++)
        {
            ValueTask<Lsn> execute = host.ExecuteAsync(payload);
            Assert.True(execute.IsCompletedSuccessfully, "A lone caller applies its own record.");
            _ = execute.Result;
        }
    }

    private static void Append(Wal wal, byte[] payload)
    {
        for (int i = 0; i < Records; i++)
        {
            wal.Append(payload);
        }
    }

    private static void Wait(MachineWaiters waiters, int count)
    {
        ulong lsn = waiters.Applied;
        for (int i = 0; i < count; i++)
        {
            ValueTask first = waiters.WaitAsync(lsn + 2, CancellationToken.None);
            ValueTask second = waiters.WaitAsync(lsn + 1, CancellationToken.None);
            waiters.Advance(++lsn);
            Assert.True(second.IsCompletedSuccessfully && !first.IsCompleted, "In the order of LSNs.");
            second.GetAwaiter().GetResult();
            waiters.Advance(++lsn);
            first.GetAwaiter().GetResult();
        }
    }

    private static void Close(Wal wal, ManualWorkScheduler work) => RunUntil(wal.DisposeAsync().AsTask(), work);

    private static void RunUntil(Task task, ManualWorkScheduler work)
    {
        while (!task.IsCompleted)
        {
            if (!work.RunNext())
            {
                Thread.Yield();
            }
        }
    }
}
