namespace LoraWal.Benchmarks.Peers;

internal sealed class LoraWalContender : IContender
{
    private const long Mebibyte = 1024 * 1024;

    public string Name => "LoraWal";

    public ContenderFacts Facts { get; } = new(
        typeof(Wal).Assembly.GetName().Version?.ToString(3) ?? "",
        "`PerCommit`, segments of 128 MiB; `GroupSync` with `Written` (its default), or with `Buffered`, segments of "
        + "512 MiB; all other settings as they come",
        "CRC-32 on each frame, always, verified by every read",
        "closes the log: no later append succeeds");

    public bool Keeps(Promise promise) => true;

    public ILog Open(string directory, Promise promise) => new Log(directory, promise);

    private sealed class Log : ILog
    {
        private readonly Wal _wal;
        private readonly AppendDurability _durability;
        private readonly ThreadLocal<WalBatch> _batch = new(() => new WalBatch(), trackAllValues: true);

        public Log(string directory, Promise promise)
        {
            _wal = Wal.OpenAsync(new WalOptions
            {
                Directory = directory,
                SyncMode = promise == Promise.Durable ? SyncMode.PerCommit : SyncMode.GroupSync,
                SegmentTargetBytes = promise switch
                {
                    Promise.Durable => 128 * Mebibyte,
                    Promise.Buffered => 512 * Mebibyte,
                    _ => 16 * Mebibyte,
                },
            }).AsTask().GetAwaiter().GetResult();
            _durability = promise switch
            {
                Promise.Durable => AppendDurability.Durable,
                Promise.Written => AppendDurability.Written,
                _ => AppendDurability.Buffered,
            };
        }

        public void Append(byte[] payload) => _wal.Append(payload, 0, _durability);

        public ValueTask<Lsn> AppendAsync(byte[] payload) => _wal.AppendAsync(payload, 0, _durability);

        public void AppendMany(byte[] payload, int count)
        {
            WalBatch batch = _batch.Value!;
            batch.Clear();
            for (int i = 0; i < count; i++)
            {
                batch.Add(payload);
            }

            ValueTask<Lsn> commit = _wal.CommitAsync(batch, _durability);
            _ = commit.IsCompleted ? commit.Result : commit.AsTask().GetAwaiter().GetResult();
        }

        public (long Records, long Sum) Replay(long most) => ReplayAsync(most).GetAwaiter().GetResult();

        public void Dispose()
        {
            _wal.Dispose();
            foreach (WalBatch batch in _batch.Values)
            {
                batch.Dispose();
            }

            _batch.Dispose();
        }

        private async Task<(long Records, long Sum)> ReplayAsync(long most)
        {
            await _wal.SyncAsync().ConfigureAwait(false);
            long records = 0;
            long sum = 0;
            await foreach (WalTransaction transaction in _wal.ReadAsync().ConfigureAwait(false))
            {
                foreach (WalRecord record in transaction)
                {
                    ReadOnlySpan<byte> payload = record.Payload.Span;
                    sum += payload.Length + payload[0];
                    records++;
                }

                if (records >= most)
                {
                    break;
                }
            }

            return (records, sum);
        }
    }
}
