using LoraWal.Log;

namespace LoraWal.TestSupport;

/// <summary>Keeps work until the test runs it, on the test's own thread, in the order it was asked for.</summary>
/// <threadsafety>Safe for use by several threads; work runs on those that call <see cref="RunNext"/>.</threadsafety>
internal sealed class ManualWorkScheduler : IWorkScheduler
{
    private readonly Lock _lock = new();
    private readonly Queue<(string Name, Action Work)> _queue = new();

    /// <summary>Names of the work that waits, next one first.</summary>
    public IReadOnlyList<string> Pending
    {
        get
        {
            lock (_lock)
            {
                return [.. _queue.Select(item => item.Name)];
            }
        }
    }

    /// <summary>Whether the test has no other threads either, so that tasks continue within <see cref="RunNext"/>.
    /// Default: no.</summary>
    public bool IsSingleThreaded { get; set; }

    public void Run(string name, Action work)
    {
        lock (_lock)
        {
            _queue.Enqueue((name, work));
        }
    }

    public IWorker CreateWorker<T>(string name, T target, Action<T> work)
        where T : class => new Worker<T>(this, name, target, work);

    /// <summary>Runs what waits longest.</summary>
    /// <returns>Whether there was any.</returns>
    public bool RunNext()
    {
        (string Name, Action Work) next;
        lock (_lock)
        {
            if (!_queue.TryDequeue(out next))
            {
                return false;
            }
        }

        next.Work();
        return true;
    }

    /// <summary>Runs until nothing waits, work included that the work asks for.</summary>
    /// <param name="limit">Gives up after so many, for work that asks for itself for ever.</param>
    /// <returns>How many ran.</returns>
    public int RunAll(int limit = 100_000)
    {
        int count = 0;
        while (RunNext())
        {
            if (++count > limit)
            {
                throw new InvalidOperationException($"Work does not end: [{string.Join(", ", Pending)}].");
            }
        }

        return count;
    }

    /// <summary>Forgets what waits: the process has been killed.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _queue.Clear();
        }
    }

    private sealed class Worker<T>(ManualWorkScheduler scheduler, string name, T target, Action<T> work) : IWorker
        where T : class
    {
        private readonly Lock _lock = new();
        private readonly WeakReference<T> _target = new(target);
        private bool _requested;
        private bool _running;
        private bool _disposed;

        public void Request()
        {
            lock (_lock)
            {
                if (_disposed || _requested)
                {
                    return;
                }

                _requested = true;
                if (_running)
                {
                    return;
                }
            }

            Enqueue();
        }

        // A run that was asked for before still happens, as on the log's own threads.
        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
            }
        }

        private void Enqueue()
        {
            if (_target.TryGetTarget(out T? strong))
            {
                scheduler.Run(name, () => RunOnce(strong));
            }
        }

        private void RunOnce(T strong)
        {
            lock (_lock)
            {
                if (_running || !_requested)
                {
                    return;
                }

                _requested = false;
                _running = true;
            }

            bool again;
            try
            {
                work(strong);
            }
            finally
            {
                lock (_lock)
                {
                    _running = false;
                    again = _requested;
                }
            }

            if (again)
            {
                Enqueue();
            }
        }
    }
}
