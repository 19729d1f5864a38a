using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace LoraWal.Benchmarks.Peers;

/// <summary>The write-ahead log of DotNext's Raft. Concurrent commits crash it, so one caller at a time; its promise
/// without a flush is no better than memory, so it takes part in durable work alone.</summary>
internal sealed class DotNextPeer : IContender
{
    public string Name => "DotNext";

    public ContenderFacts Facts { get; } = new(
        "DotNext.Net.Cluster 6.12.0",
        "default (each commit flushes), `HashAlgorithm = Crc32`; many writers: gathered behind one commit",
        "off by default; on here",
        "closes the log where its flush reports it");

    public bool Keeps(Promise promise) => promise == Promise.Durable;

    public ILog Open(string directory, Promise promise) => new Log(directory);

    private sealed class Log : StoreLog
    {
        private readonly Lock _lock = new();
        private readonly WriteAheadLog _log;

        public Log(string directory)
        {
            _log = new WriteAheadLog(
                new WriteAheadLog.Options
                {
                    Location = directory,
                    HashAlgorithm = WriteAheadLog.IntegrityHashAlgorithm.Crc32,
                },
                IStateMachine.CreateNoOp(long.MaxValue)); // no snapshots: the log keeps everything
            _log.InitializeAsync().GetAwaiter().GetResult();
        }

        public override void Append(byte[] payload)
        {
            lock (_lock)
            {
                Commit(AppendOne(payload));
            }
        }

        public override (long Records, long Sum) Replay(long most)
        {
            long records = 0;
            long sum = 0;
            long last = _log.LastCommittedEntryIndex;
            const int Step = 1024;
            for (long first = 1; first <= last && records < most; first += Step)
            {
                using WriteAheadLog.LogEntryReader entries = Wait(
                    _log.ReadAsync(first, Math.Min(first + Step - 1, last)));
                foreach (LogEntry entry in entries)
                {
                    if (entry.TryGetPayload(out System.Buffers.ReadOnlySequence<byte> payload))
                    {
                        sum += payload.Length + payload.FirstSpan[0];
                    }

                    records++;
                }
            }

            return (records, sum);
        }

        protected override void CommitAll(List<byte[]> payloads)
        {
            lock (_lock)
            {
                long last = 0;
                payloads.ForEach(payload => last = AppendOne(payload));
                Commit(last);
            }
        }

        protected override void Close() => _log.Dispose();

        private static T Wait<T>(ValueTask<T> task) =>
            task.IsCompleted ? task.Result : task.AsTask().GetAwaiter().GetResult();

        private long AppendOne(byte[] payload) =>
            Wait(_log.AppendAsync(new BinaryLogEntry { Term = 1, Content = payload }));

        private void Commit(long index) => Wait(_log.CommitAsync(index));
    }
}
