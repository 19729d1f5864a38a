namespace LoraWal.Log;

/// <summary>Runs work on threads of its own, so that a starved thread pool cannot hold up the log.</summary>
internal sealed class ThreadWorkScheduler : IWorkScheduler
{
    public static ThreadWorkScheduler Instance { get; } = new();

    public void Run(string name, Action work) => Start(name, work);

    public IWorker CreateWorker<T>(string name, T target, Action<T> work)
        where T : class => new Worker<T>(name, target, work);

    private static void Start(string name, Action work)
    {
        try
        {
            new Thread(() => work()) { Name = name, IsBackground = true }.Start();
        }
        catch (Exception refused) when (refused is OutOfMemoryException or ThreadStartException)
        {
            // A limit on threads: a borrowed one is better than calls that wait for ever.
            ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false);
        }
    }

    /// <summary>A thread that starts with the first request, and parks between requests.</summary>
    private sealed class Worker<T>(string name, T target, Action<T> work) : IWorker
        where T : class
    {
        private readonly SemaphoreSlim _wake = new(0);
        private readonly WeakReference<T> _target = new(target);
        private T? _asking;
        private int _asked;
        private int _started;
        private volatile bool _ends;

        public void Request()
        {
            // Strongly until the run begins. Who waits for it may be reachable from the target alone, and the target
            // from nowhere else: a collection in between would take them both, and the wait would never end.
            // ORDER: before the asking, so that the run which takes the request away takes this, too.
            if (_target.TryGetTarget(out T? alive))
            {
                Volatile.Write(ref _asking, alive);
            }

            if (Interlocked.Exchange(ref _asked, 1) != 0)
            {
                return; // the run that was asked for has not begun: it will see this, too
            }

            if (Interlocked.Exchange(ref _started, 1) == 0)
            {
                Start(name, Loop);
            }

            _wake.Release();
        }

        public void Dispose()
        {
            _ends = true;
            _wake.Release();
        }

        private void Loop()
        {
            if (!Thread.CurrentThread.IsThreadPoolThread)
            {
                ShortSlice.Ask();
            }

            while (true)
            {
                _wake.Wait();
                if (Interlocked.Exchange(ref _asked, 0) != 0)
                {
                    RunOnce();
                }
                else if (_ends)
                {
                    return;
                }
            }
        }

        // A method of its own, so that no strong reference stays on the stack of the parked thread.
        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        private void RunOnce()
        {
            if ((Interlocked.Exchange(ref _asking, null) ?? Target()) is { } alive)
            {
                work(alive);
            }
        }

        // Null if the run before took what this request left: that one has done this one's work, too.
        private T? Target() => _target.TryGetTarget(out T? alive) ? alive : null;
    }
}
