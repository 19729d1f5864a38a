using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Floors;

/// <summary>The bare calls of the floor for several callers, in one order: what a log has to pay that is nothing
/// else.</summary>
/// <remarks>Written: each thread's own <c>pwrite</c>, behind a lock. Durable: a thread that writes and syncs what has
/// gathered, lingers for as many to come back, and completes a task for each.</remarks>
internal sealed class SharedFloor : IContender
{
    private readonly FloorContender _floor = new();

    public string Name => "shared floor";

    public ContenderFacts Facts { get; } = new(
        "bare calls",
        "the floor's calls for several callers: `pwrite` behind a `Lock`; or one `pwrite` and `fdatasync` for all who "
        + "wait, and a task for each",
        "none",
        "noticed");

    public bool Keeps(Promise promise) => promise is Promise.Written or Promise.Durable;

    public ILog Open(string directory, Promise promise) => new Log(_floor.Open(directory, promise));

    private sealed class Log : ILog
    {
        private const int MostYields = 64;

        private readonly ILog _floor;
        private readonly Lock _lock = new();
        private readonly SemaphoreSlim _wake = new(0);
        private readonly Thread _leader;
        private List<TaskCompletionSource<Lsn>> _waiting = [];
        private List<TaskCompletionSource<Lsn>> _spare = [];
        private byte[] _payload = [];
        private bool _isAwake;
        private volatile bool _ends;

        public Log(ILog floor)
        {
            _floor = floor;
            _leader = new Thread(Lead) { IsBackground = true };
            _leader.Start();
        }

        public void Append(byte[] payload)
        {
            lock (_lock)
            {
                _floor.Append(payload);
            }
        }

        public ValueTask<Lsn> AppendAsync(byte[] payload)
        {
            var caller = new TaskCompletionSource<Lsn>(TaskCreationOptions.RunContinuationsAsynchronously);
            bool wakes;
            lock (_lock)
            {
                _payload = payload;
                _waiting.Add(caller);
                wakes = !_isAwake;
                _isAwake = true;
            }

            if (wakes)
            {
                _wake.Release();
            }

            return new ValueTask<Lsn>(caller.Task);
        }

        public void AppendMany(byte[] payload, int count) => throw new NotSupportedException();

        public (long Records, long Sum) Replay(long most) => throw new NotSupportedException();

        public void Dispose()
        {
            _ends = true;
            _wake.Release();
            _leader.Join();
            _floor.Dispose();
        }

        private void Lead()
        {
            while (!_ends)
            {
                List<TaskCompletionSource<Lsn>> batch;
                lock (_lock)
                {
                    batch = _waiting;
                    _isAwake = batch.Count > 0;
                    if (_isAwake)
                    {
                        (_waiting, _spare) = (_spare, batch);
                    }
                }

                if (batch.Count == 0)
                {
                    _wake.Wait();
                    continue;
                }

                _floor.AppendMany(_payload, batch.Count);
                foreach (TaskCompletionSource<Lsn> caller in batch)
                {
                    caller.SetResult(Lsn.None);
                }

                int released = batch.Count;
                batch.Clear();
                for (int i = 0; i < MostYields && _waiting.Count < released; i++)
                {
                    Thread.Yield();
                }
            }
        }
    }
}
