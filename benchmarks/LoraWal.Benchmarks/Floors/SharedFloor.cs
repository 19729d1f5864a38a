using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Floors;

/// <summary>The bare calls of the floor by several threads, one at a time behind a lock: what a log has to pay that
/// puts all records into one order and writes each by itself.</summary>
internal sealed class SharedFloor : IContender
{
    private readonly FloorContender _floor = new();

    public string Name => "shared floor";

    public ContenderFacts Facts { get; } = new(
        "bare calls", "the floor's `pwrite` by several threads, one at a time behind a `Lock`", "none", "noticed");

    public bool Keeps(Promise promise) => promise is Promise.Written;

    public ILog Open(string directory, Promise promise) => new Log(_floor.Open(directory, promise));

    private sealed class Log(ILog floor) : ILog
    {
        private readonly Lock _lock = new();

        public void Append(byte[] payload)
        {
            lock (_lock)
            {
                floor.Append(payload);
            }
        }

        public ValueTask<Lsn> AppendAsync(byte[] payload) => throw new NotSupportedException();

        public void AppendMany(byte[] payload, int count) => throw new NotSupportedException();

        public (long Records, long Sum) Replay(long most) => throw new NotSupportedException();

        public void Dispose() => floor.Dispose();
    }
}
