using System.Buffers.Binary;

namespace LoraWal.Benchmarks.Machines;

/// <summary>A state machine that does next to nothing with a record, and whose snapshots are as large as asked
/// for.</summary>
internal sealed class CountingMachine(long snapshotBytes) : IWalStateMachine
{
    private const int ChunkBytes = 1024 * 1024;

    private long _count;

    public long Count => _count;

    public void Apply(in WalRecord record) => _count += record.Payload.Length > 0 ? 1 : 0;

    public async ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        byte[] chunk = new byte[ChunkBytes];
        new Random(1).NextBytes(chunk);
        BinaryPrimitives.WriteInt64LittleEndian(chunk, _count);
        for (long left = Math.Max(snapshotBytes, sizeof(long)); left > 0; left -= chunk.Length)
        {
            await snapshot.WriteAsync(chunk.AsMemory(0, (int)Math.Min(left, chunk.Length)), cancellationToken);
        }
    }

    public async ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken)
    {
        byte[] chunk = new byte[ChunkBytes];
        await snapshot.ReadExactlyAsync(chunk.AsMemory(0, sizeof(long)), cancellationToken);
        _count = BinaryPrimitives.ReadInt64LittleEndian(chunk);
        while (await snapshot.ReadAsync(chunk, cancellationToken) > 0)
        {
        }
    }
}
