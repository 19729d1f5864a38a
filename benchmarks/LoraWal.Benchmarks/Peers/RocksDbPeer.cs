using System.Buffers.Binary;
using RocksDbSharp;

namespace LoraWal.Benchmarks.Peers;

/// <summary>RocksDB with big-endian sequence numbers as keys. A span of many writers is one batch: faster than its own
/// group commit, which needs a thread per writer.</summary>
internal sealed class RocksDbPeer : IContender
{
    public string Name => "RocksDB";

    public ContenderFacts Facts { get; } = new(
        "RocksDB 11.12.0.7641",
        "`sync = true`, relaxed: `sync = false` with a synced flush of its WAL every 50 ms; many writers: gathered "
        + "into one batch; no compression",
        "CRC-32C on each WAL record and block",
        "the write fails; it then refuses writes until resumed");

    public bool Keeps(Promise promise) => promise is Promise.Durable or Promise.Written;

    public ILog Open(string directory, Promise promise) => new Log(directory, promise);

    private sealed class Log : StoreLog
    {
        private readonly RocksDb _db;
        private readonly WriteOptions _write;
        private long _key;

        public Log(string directory, Promise promise)
        {
            _db = RocksDb.Open(new DbOptions().SetCreateIfMissing(true).SetCompression(Compression.No), directory);
            _write = new WriteOptions().SetSync(promise == Promise.Durable);
            using (Iterator last = _db.NewIterator())
            {
                last.SeekToLast();
                _key = last.Valid() ? BinaryPrimitives.ReadInt64BigEndian(last.GetKeySpan()) : 0;
            }

            if (promise != Promise.Durable)
            {
                SyncInBackground(() => Native.Instance.rocksdb_flush_wal(_db.Handle, 1));
            }
        }

        public override void Append(byte[] payload)
        {
            Span<byte> key = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(key, Interlocked.Increment(ref _key));
            _db.Put(key, payload, cf: null, _write);
        }

        public override (long Records, long Sum) Replay(long most)
        {
            long records = 0;
            long sum = 0;
            using Iterator iterator = _db.NewIterator();
            for (iterator.SeekToFirst(); records < most && iterator.Valid(); iterator.Next())
            {
                ReadOnlySpan<byte> value = iterator.GetValueSpan();
                sum += value.Length + value[0];
                records++;
            }

            return (records, sum);
        }

        protected override void CommitAll(List<byte[]> payloads)
        {
            Span<byte> key = stackalloc byte[sizeof(long)];
            using var batch = new WriteBatch();
            foreach (byte[] payload in payloads)
            {
                BinaryPrimitives.WriteInt64BigEndian(key, Interlocked.Increment(ref _key));
                batch.Put(key, (ReadOnlySpan<byte>)payload);
            }

            _db.Write(batch, _write);
        }

        protected override void Close() => _db.Dispose();
    }
}
