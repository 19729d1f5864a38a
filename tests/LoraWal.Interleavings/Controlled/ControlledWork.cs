using LoraWal.Log;
using Microsoft.Coyote.Specifications;

namespace LoraWal.Interleavings.Controlled;

/// <summary>Runs the log's background work on tasks, which Coyote schedules; a failure of it is a finding.</summary>
internal sealed class ControlledWork : IWorkScheduler
{
    public void Run(string name, Action work) => _ = Task.Run(() =>
    {
        try
        {
            work();
        }
        catch (Exception failure)
        {
            Specification.Assert(false, "{0} ended with {1}", name, failure);
        }
    });

    public IWorker CreateWorker<T>(string name, T target, Action<T> work)
        where T : class => new Worker(this, name, () => work(target));

    private sealed class Worker(ControlledWork scheduler, string name, Action work) : IWorker
    {
        private readonly object _oneRunAtOnce = new();
        private int _asked;

        public void Request()
        {
            if (Interlocked.Exchange(ref _asked, 1) == 0)
            {
                scheduler.Run(name, RunOnce);
            }
        }

        public void Dispose()
        {
            // A run that was asked for still happens, as on the log's own threads.
        }

        private void RunOnce()
        {
            lock (_oneRunAtOnce)
            {
                Interlocked.Exchange(ref _asked, 0);
                work();
            }
        }
    }
}
