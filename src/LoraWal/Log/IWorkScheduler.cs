namespace LoraWal.Log;

/// <summary>Where work runs that no caller waits for: the only way the log reaches another thread.</summary>
/// <remarks>A seam: a test puts its own deterministic scheduler here.</remarks>
internal interface IWorkScheduler
{
    /// <summary>Whether one thread does everything: then tasks continue on it, within the work they stand for, and no
    /// one comes while it yields. Otherwise the work's threads never run what others wrote.</summary>
    bool IsSingleThreaded => false;

    /// <summary>Runs work once, soon, on a thread of its own: it may block for long.</summary>
    void Run(string name, Action work);

    /// <summary>Creates a worker whose work can be asked for any number of times.</summary>
    /// <typeparam name="T">Type of the target.</typeparam>
    /// <param name="name">For the thread's name.</param>
    /// <param name="target">What the work is done on. Held weakly while no work is asked for: a worker never keeps an
    /// abandoned target alive.</param>
    /// <param name="work">The work; never run twice at once.</param>
    IWorker CreateWorker<T>(string name, T target, Action<T> work)
        where T : class;
}

/// <summary>Does one kind of work, one run at a time, whenever it has been asked for since the last run
/// began.</summary>
internal interface IWorker : IDisposable
{
    /// <summary>Asks for a run. Cheap; does not wait for it.</summary>
    void Request();
}
