using System.Buffers;
using System.Collections.Concurrent;

namespace LoraWal.Typed;

/// <summary>The bytes of one value on their way into the log. Pooled: a steady state allocates none.</summary>
/// <threadsafety>One user at a time, from <see cref="Rent"/> to <see cref="Return"/>; any number of
/// buffers.</threadsafety>
internal sealed class PayloadBuffer : IBufferWriter<byte>
{
    private const int InitialBytes = 1024;

    // What the pool may keep: 64 buffers of up to 64 KiB. Larger arrays go back to the array pool.
    private const int KeptBuffers = 64;
    private const int KeptBytes = 64 * 1024;

    private static readonly ConcurrentQueue<PayloadBuffer> Pool = new();
    private static PayloadBuffer? _spare;
    private static int _pooled;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _used;

    private PayloadBuffer()
    {
    }

    /// <summary>What has been written.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _used);

    /// <summary>An empty buffer.</summary>
    public static PayloadBuffer Rent()
    {
        if (Interlocked.Exchange(ref _spare, null) is { } spare)
        {
            return spare;
        }

        if (Pool.TryDequeue(out PayloadBuffer? pooled))
        {
            Interlocked.Decrement(ref _pooled);
            return pooled;
        }

        return new PayloadBuffer();
    }

    /// <summary>Gives the buffer back. Nobody may read it any more.</summary>
    public void Return()
    {
        _used = 0;
        if (_bytes.Length > KeptBytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = ArrayPool<byte>.Shared.Rent(InitialBytes);
        }

        if (Interlocked.CompareExchange(ref _spare, this, null) is null)
        {
            return;
        }

        if (Interlocked.Increment(ref _pooled) <= KeptBuffers)
        {
            Pool.Enqueue(this);
            return;
        }

        Interlocked.Decrement(ref _pooled);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = []; // whoever kept the writer, against its contract, must not reach the array's next user
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _used);
        _used += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_used);
    }

    private void Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        int wanted = Math.Max(sizeHint, 1);
        if (_bytes.Length - _used >= wanted)
        {
            return;
        }

        long size = Math.Max((long)_used + wanted, Math.Min(_bytes.Length * 2L, Array.MaxLength));
        if (size > Array.MaxLength)
        {
            throw new InvalidOperationException("A value must fit in one array.");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent((int)size);
        _bytes.AsSpan(0, _used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
