using System.Runtime.CompilerServices;
using LoraWal.Log;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Simulation;

public class ManualWorkSchedulerTests
{
    private readonly ManualWorkScheduler _work = new();

    [Fact]
    public void Work_waits_until_it_is_run_in_the_order_it_was_asked_for()
    {
        List<int> done = [];
        _work.Run("one", () => done.Add(1));
        _work.Run("two", () => done.Add(2));
        Assert.Equal(["one", "two"], _work.Pending);
        Assert.Empty(done);

        Assert.True(_work.RunNext());
        Assert.Equal([1], done);
        Assert.Equal(1, _work.RunAll());

        Assert.Equal([1, 2], done);
        Assert.False(_work.RunNext());
    }

    [Fact]
    public void Requests_before_a_run_are_one_run()
    {
        List<int> done = [];
        using IWorker worker = _work.CreateWorker("w", done, list => list.Add(1));

        worker.Request();
        worker.Request();

        Assert.Equal(1, _work.RunAll());
        worker.Request();
        Assert.Equal(1, _work.RunAll());
        Assert.Equal([1, 1], done);
    }

    [Fact]
    public void A_request_during_a_run_is_another_run_and_never_a_second_one_at_once()
    {
        List<int> done = [];
        IWorker? worker = null;
        worker = _work.CreateWorker("w", done, list =>
        {
            if (list.Count == 0)
            {
                worker!.Request();
                Assert.Equal(0, _work.RunAll());
            }

            list.Add(1);
        });
        worker.Request();

        Assert.Equal(2, _work.RunAll());
        Assert.Equal([1, 1], done);
    }

    [Fact]
    public void A_disposed_worker_ends_with_the_run_it_was_asked_for()
    {
        List<int> done = [];
        IWorker worker = _work.CreateWorker("w", done, list => list.Add(1));
        worker.Request();

        worker.Dispose();
        worker.Request();

        Assert.Equal(1, _work.RunAll());
        worker.Request();
        Assert.Equal(0, _work.RunAll());
        Assert.Equal([1], done);
    }

    [Fact]
    public void A_worker_keeps_no_abandoned_target_alive()
    {
        (IWorker worker, WeakReference target) = CreateAbandoned();

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(target.IsAlive);
        worker.Request();
        Assert.Equal(0, _work.RunAll());
    }

    [Fact]
    public void Work_without_end_is_given_up()
    {
        void Again() => _work.Run("again", Again);
        Again();

        Assert.Throws<InvalidOperationException>(() => _work.RunAll(limit: 10));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (IWorker Worker, WeakReference Target) CreateAbandoned()
    {
        List<int> target = [];
        IWorker worker = _work.CreateWorker("w", target, list => list.Add(1));
        worker.Request();
        _work.RunAll();
        return (worker, new WeakReference(target));
    }
}
