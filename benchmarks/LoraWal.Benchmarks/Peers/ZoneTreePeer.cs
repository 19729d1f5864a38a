using ZoneTree;
using ZoneTree.Logger;
using ZoneTree.Options;

namespace LoraWal.Benchmarks.Peers;

/// <summary>ZoneTree: its write-ahead log under its sorted memory. A plain upsert never syncs, whatever the
/// mode.</summary>
internal sealed class ZoneTreePeer : IContender
{
    public string Name => "ZoneTree";

    public ContenderFacts Facts { get; } = new(
        "ZoneTree 2.1.3",
        "WAL mode `Sync` and `SyncWALAsync` after each upsert; written: the same every 50 ms; buffered: "
        + "`AsyncCompressed`; many writers: upserts gathered behind one sync",
        "on each record of its WAL",
        "not noticed: the platform's flush hides it");

    public bool Keeps(Promise promise) => true;

    public ILog Open(string directory, Promise promise) => new Log(directory, promise);

    private sealed class Log : StoreLog
    {
        private readonly IZoneTree<long, Memory<byte>> _tree;
        private readonly Promise _promise;
        private long _key;

        public Log(string directory, Promise promise)
        {
            _promise = promise;
            _tree = new ZoneTreeFactory<long, Memory<byte>>()
                .SetDataDirectory(directory)
                .SetLogLevel(LogLevel.Error)
                .DisableDeletion()
                .ConfigureWriteAheadLogOptions(options => options.WriteAheadLogMode =
                    promise == Promise.Buffered ? WriteAheadLogMode.AsyncCompressed : WriteAheadLogMode.Sync)
                .OpenOrCreate();
            _key = _tree.Count();
            if (promise != Promise.Durable)
            {
                SyncInBackground(Sync);
            }
        }

        public override void Append(byte[] payload)
        {
            Upsert(payload);
            if (_promise == Promise.Durable)
            {
                Sync();
            }
        }

        public override ValueTask<Lsn> AppendAsync(byte[] payload)
        {
            if (_promise == Promise.Durable)
            {
                return base.AppendAsync(payload);
            }

            Upsert(payload);
            return new ValueTask<Lsn>(Lsn.None);
        }

        public override (long Records, long Sum) Replay(long most)
        {
            long records = 0;
            long sum = 0;
            using IZoneTreeIterator<long, Memory<byte>> iterator = _tree.CreateIterator();
            while (records < most && iterator.Next())
            {
                ReadOnlySpan<byte> value = iterator.CurrentValue.Span;
                sum += value.Length + value[0];
                records++;
            }

            return (records, sum);
        }

        protected override void CommitAll(List<byte[]> payloads)
        {
            payloads.ForEach(Upsert);
            if (_promise == Promise.Durable)
            {
                Sync();
            }
        }

        protected override void Close() => _tree.Dispose();

        private void Upsert(byte[] payload)
        {
            long key = Interlocked.Increment(ref _key);
            Memory<byte> value = payload;
            _tree.Upsert(in key, in value);
        }

        private void Sync() => _tree.SyncWALAsync().GetAwaiter().GetResult();
    }
}
