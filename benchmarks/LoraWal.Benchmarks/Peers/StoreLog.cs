namespace LoraWal.Benchmarks.Peers;

/// <summary>What stores have in common: one commit of several records is their cheapest way for many callers, and
/// where they sync in the background, somebody has to ask for it.</summary>
internal abstract class StoreLog : ILog
{
    /// <summary>LoraWal's own default.</summary>
    private static readonly TimeSpan SyncInterval = TimeSpan.FromMilliseconds(50);

    private readonly Lazy<Crowd> _crowd;
    private readonly ManualResetEventSlim _stop = new();
    private Thread? _syncer;

    protected StoreLog() => _crowd = new Lazy<Crowd>(() => new Crowd(CommitAll));

    public abstract void Append(byte[] payload);

    public virtual ValueTask<Lsn> AppendAsync(byte[] payload) => _crowd.Value.AppendAsync(payload);

    public virtual void AppendMany(byte[] payload, int count) => CommitAll([.. Enumerable.Repeat(payload, count)]);

    public abstract (long Records, long Sum) Replay(long most);

    public void Dispose()
    {
        if (_crowd.IsValueCreated)
        {
            _crowd.Value.Dispose();
        }

        _stop.Set();
        _syncer?.Join();
        _stop.Dispose();
        Close();
    }

    /// <summary>One commit, to the promise.</summary>
    protected abstract void CommitAll(List<byte[]> payloads);

    protected abstract void Close();

    /// <summary>Calls this every 50 ms, as LoraWal's flusher does, so that all have the same work behind
    /// them.</summary>
    protected void SyncInBackground(Action sync)
    {
        _syncer = new Thread(() =>
        {
            while (!_stop.Wait(SyncInterval))
            {
                sync();
            }
        })
        {
            IsBackground = true,
            Name = "background sync",
        };
        _syncer.Start();
    }
}
