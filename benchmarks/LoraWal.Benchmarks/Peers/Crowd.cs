using System.Threading.Tasks.Sources;

namespace LoraWal.Benchmarks.Peers;

/// <summary>Gathers the appends of many callers into one commit, for peers that commit best from one thread. The next
/// crowd gathers while the last one is being synced. Allocates nothing in steady state.</summary>
internal sealed class Crowd : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Action<List<byte[]>> _commit;
    private readonly Thread _thread;
    private readonly Stack<Waiter> _free = [];
    private List<Waiter> _waiting = [];
    private bool _isClosed;

    public Crowd(Action<List<byte[]>> commit)
    {
        _commit = commit;
        _thread = new Thread(Run) { IsBackground = true, Name = "crowd" };
        _thread.Start();
    }

    public ValueTask<Lsn> AppendAsync(byte[] payload)
    {
        Waiter waiter;
        bool isFirst;
        lock (_lock)
        {
            waiter = _free.Count > 0 ? _free.Pop() : new Waiter(this);
            waiter.Payload = payload;
            _waiting.Add(waiter);
            isFirst = _waiting.Count == 1;
        }

        if (isFirst)
        {
            _arrived.Release();
        }

        return new ValueTask<Lsn>(waiter, waiter.Version);
    }

    public void Dispose()
    {
        _isClosed = true;
        _arrived.Release();
        _thread.Join();
        _arrived.Dispose();
    }

    private void Run()
    {
        List<Waiter> batch = [];
        List<byte[]> payloads = [];
        while (true)
        {
            _arrived.Wait();
            lock (_lock)
            {
                (batch, _waiting) = (_waiting, batch);
            }

            if (batch.Count == 0)
            {
                if (_isClosed)
                {
                    return;
                }

                continue;
            }

            payloads.Clear();
            batch.ForEach(waiter => payloads.Add(waiter.Payload));
            Exception? failure = null;
            try
            {
                _commit(payloads);
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            batch.ForEach(waiter => waiter.Complete(failure));
            batch.Clear();
        }
    }

    private void Return(Waiter waiter)
    {
        lock (_lock)
        {
            _free.Push(waiter);
        }
    }

    private sealed class Waiter(Crowd crowd) : IValueTaskSource<Lsn>
    {
        private ManualResetValueTaskSourceCore<Lsn> _core = new() { RunContinuationsAsynchronously = true };

        public byte[] Payload { get; set; } = [];

        public short Version => _core.Version;

        public void Complete(Exception? failure)
        {
            if (failure is null)
            {
                _core.SetResult(Lsn.None);
            }
            else
            {
                _core.SetException(failure);
            }
        }

        public Lsn GetResult(short token)
        {
            try
            {
                return _core.GetResult(token);
            }
            finally
            {
                _core.Reset();
                crowd.Return(this);
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
