using System.Runtime.CompilerServices;
using LoraWal.Log;

namespace LoraWal.Tests.Log;

public class WorkerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A new thread takes longer to begin than a collection: without a strong reference, one of a few rounds fails.
    [Fact]
    public void What_a_worker_was_asked_for_is_done_although_nobody_else_holds_its_target_any_more()
    {
        using var runs = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim(initialState: true);
        for (int round = 0; round < 50; round++)
        {
            (IWorker worker, _) = AskOnce(runs, go);
            using (worker)
            {
                GC.Collect();
                Assert.True(runs.Wait(Patience), $"Round {round}: the run never came, its target was collected.");
            }
        }
    }

    [Fact]
    public void A_worker_that_nobody_asks_keeps_no_target_alive()
    {
        using var runs = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim(initialState: true);
        (IWorker worker, WeakReference target) = AskOnce(runs, go);
        using (worker)
        {
            Assert.True(runs.Wait(Patience));
            for (int i = 0; i < 100 && target.IsAlive; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            Assert.False(target.IsAlive);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (IWorker Worker, WeakReference Target) AskOnce(SemaphoreSlim runs, ManualResetEventSlim go)
    {
        var target = new Target(runs, go);
        IWorker worker = ThreadWorkScheduler.Instance.CreateWorker("test", target, static target => Run(target));
        worker.Request();
        return (worker, new WeakReference(target));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Run(Target target)
    {
        (SemaphoreSlim runs, ManualResetEventSlim go) = (target.Runs, target.Go);
        runs.Release();
        go.Wait();
    }

    private sealed class Target(SemaphoreSlim runs, ManualResetEventSlim go)
    {
        public SemaphoreSlim Runs => runs;

        public ManualResetEventSlim Go => go;
    }
}
