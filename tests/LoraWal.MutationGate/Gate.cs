using LoraWal.Simulation;

namespace LoraWal.MutationGate;

/// <summary>How a bug was found.</summary>
/// <param name="Seed">The first seed that breaks a promise.</param>
/// <param name="Promise">Which one, in the oracle's words.</param>
internal sealed record Kill(long Seed, string Promise);

/// <summary>Runs the crash simulation on the log with one of the planted bugs switched on, on every core.</summary>
internal sealed class Gate
{
    /// <summary>Seeds that a bug may survive at most.</summary>
    public const long Budget = 100_000;

    // Guards against a hang, not measures: a seed takes milliseconds, and its own guard against a call that never ends
    // 12 seconds.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private const int LooksBeforeHanging = 40;

    private readonly long _seeds;
    private readonly Lock _lock = new();
    private long _next;
    private Kill? _first;
    private volatile bool _isOver;

    private Gate(long seeds) => _seeds = seeds;

    /// <summary>Looks for the first seed that finds a bug.</summary>
    /// <param name="bug">Its number, from 1; 0: no bug.</param>
    /// <param name="seeds">Runs the seeds from 1 to this one.</param>
    /// <returns>Null if every seed keeps every promise.</returns>
    public static Kill? FindKill(int bug, long seeds = Budget)
    {
        PlantedBug.Active = bug;
        try
        {
            return new Gate(seeds).Run();
        }
        finally
        {
            PlantedBug.Active = 0;
        }
    }

    private Kill? Run()
    {
        Runner[] runners = new Runner[Environment.ProcessorCount];
        for (int i = 0; i < runners.Length; i++)
        {
            runners[i] = new Runner(this);
        }

        foreach (Runner runner in runners)
        {
            long seed = 0;
            for (int looks = 0; !runner.Thread.Join(LookEvery); looks++)
            {
                if (seed != runner.Seed)
                {
                    (seed, looks) = (runner.Seed, 0);
                }

                if (looks >= LooksBeforeHanging)
                {
                    Found(new Kill(seed, "it hangs"));
                }

                if (FirstSeed < runner.Seed || looks >= LooksBeforeHanging || runner.HasGivenUp)
                {
                    break; // the thread is left behind: what it may still find comes later
                }
            }
        }

        _isOver = true;
        return _first;
    }

    private long FirstSeed
    {
        get
        {
            lock (_lock)
            {
                return _first?.Seed ?? long.MaxValue;
            }
        }
    }

    private void Found(Kill kill)
    {
        lock (_lock)
        {
            _first = _first is null || kill.Seed < _first.Seed ? kill : _first;
        }
    }

    // Seeds are handed out in order, and one that was handed out is run to its end: so the first kill is the one with
    // the least seed, whatever the number of cores.
    private long? Take()
    {
        lock (_lock)
        {
            return _isOver || _first is not null || _next == _seeds ? null : ++_next;
        }
    }

    /// <summary>A thread that runs seeds.</summary>
    private sealed class Runner
    {
        [ThreadStatic]
        private static Runner? _current;

        private readonly Gate _gate;
        private long _seed;

        static Runner() => CrashWorld.GiveUp = GiveUp;

        public Runner(Gate gate)
        {
            _gate = gate;
            Thread = new Thread(RunSeeds, 16 * 1024 * 1024) { IsBackground = true };
            Thread.Start();
        }

        public Thread Thread { get; }

        public long Seed => Volatile.Read(ref _seed);

        /// <summary>Whether its seed would go on for ever.</summary>
        public bool HasGivenUp { get; private set; }

        private void RunSeeds()
        {
            _current = this;
            while (_gate.Take() is { } seed)
            {
                Volatile.Write(ref _seed, seed);
                if (CrashSimulation.FindFailure(seed) is { } promise)
                {
                    _gate.Found(new Kill(seed, promise));
                }
            }
        }

        // The log catches whatever is thrown here and goes on: the thread must never come back. On another thread than
        // a runner's, its runner is waiting for it, and is found to hang.
        private static void GiveUp(string promise)
        {
            if (_current is { } runner)
            {
                runner._gate.Found(new Kill(runner.Seed, promise));
                runner.HasGivenUp = true;
            }

            Thread.CurrentThread.Join();
        }
    }
}
