namespace LoraWal.Simulation;

/// <summary>Runs a range of seeds on threads of its own, until all are done or one breaks a promise.</summary>
/// <param name="first">The first seed.</param>
/// <param name="count">How many.</param>
/// <param name="workers">Number of threads; they share nothing but the next seed.</param>
internal sealed class SeedRun(long first, long count, int workers)
{
    private const int SeedsAtOnce = 64;
    private const int RoundsUntilStuck = 6;

    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly SimulationTotals _totals = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _end = first + count;
    private readonly long[] _current = new long[workers];
    private long _next = first;
    private int _running;
    private volatile bool _stopped;

    /// <summary>The first broken promise that was found, with its seed; null so far.</summary>
    public string? Failure { get; private set; }

    public void Start()
    {
        _running = workers;
        for (int worker = 0; worker < workers; worker++)
        {
            int number = worker;
            new Thread(() => Work(number)) { IsBackground = true, Name = $"simulation {number}" }.Start();
        }
    }

    /// <summary>Ends after the seeds under way.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Waits for the end; a seed that takes longer than a minute is one that never ends.</summary>
    /// <param name="onProgress">Called now and then.</param>
    public void Wait(Action? onProgress = null)
    {
        long[] before = [.. _current];
        for (int round = 1; !_ended.Task.Wait(Progress) && Failure is null; round++)
        {
            onProgress?.Invoke();
            if (round % RoundsUntilStuck == 0)
            {
                CheckStuck(before);
                before = [.. _current];
            }
        }
    }

    public SimulationTotals Totals()
    {
        lock (_lock)
        {
            var copy = new SimulationTotals();
            copy.Add(_totals);
            return copy;
        }
    }

    private void CheckStuck(long[] before)
    {
        for (int worker = 0; worker < workers; worker++)
        {
            if (before[worker] != 0 && before[worker] == Volatile.Read(ref _current[worker]))
            {
                lock (_lock)
                {
                    Failure ??= $"seed {before[worker]} does not end";
                }
            }
        }
    }

    private void Work(int worker)
    {
        var mine = new SimulationTotals();
        while (TryTake(ref mine, out long from, out long to))
        {
            for (long seed = from; seed < to && !_stopped; seed++)
            {
                Volatile.Write(ref _current[worker], seed);
                RunOne(seed, mine);
            }
        }

        Volatile.Write(ref _current[worker], 0);

        if (Interlocked.Decrement(ref _running) == 0)
        {
            _ended.SetResult();
        }
    }

    private void RunOne(long seed, SimulationTotals totals)
    {
        try
        {
            CrashSimulation.Run(seed, totals);
        }
        catch (Exception failure)
        {
            lock (_lock)
            {
                Failure ??= failure.Message;
            }

            _stopped = true;
        }
    }

    private bool TryTake(ref SimulationTotals mine, out long from, out long to)
    {
        lock (_lock)
        {
            _totals.Add(mine);
            mine = new SimulationTotals();
            from = _next;
            to = Math.Min(from + SeedsAtOnce, _end);
            _next = to;
            return from < to && !_stopped;
        }
    }
}
