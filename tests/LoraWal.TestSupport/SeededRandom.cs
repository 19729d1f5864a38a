using System.Buffers.Binary;

namespace LoraWal.TestSupport;

/// <summary>A source of chance that one number repeats, on every machine and runtime, and that can be copied in the
/// middle (SplitMix64).</summary>
internal sealed class SeededRandom : Random
{
    private ulong _state;

    public SeededRandom(long seed)
        : base(0) => _state = unchecked((ulong)seed * 0x9E3779B97F4A7C15UL);

    /// <summary>A second source that goes on from the same place.</summary>
    public SeededRandom Clone() => new(0) { _state = _state };

    /// <summary>Fills memory with random bytes; what <see cref="WalEnvironment.FillRandom"/> asks for.</summary>
    public void Fill(Memory<byte> target) => NextBytes(target.Span);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int count) => Next(count) == 0;

    public override int Next() => (int)(NextBits() >> 33) & int.MaxValue;

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (int)((NextBits() >> 32) * (ulong)maxValue >> 32);
    }

    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (int)(minValue + (long)((NextBits() >> 32) * (ulong)((long)maxValue - minValue) >> 32));
    }

    public override long NextInt64() => (long)(NextBits() >> 1);

    public override long NextInt64(long maxValue) => NextInt64(0, maxValue);

    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        ulong range = unchecked((ulong)(maxValue - minValue));
        return range == 0 ? minValue : unchecked(minValue + (long)(NextBits() % range));
    }

    public override double NextDouble() => Sample();

    public override float NextSingle() => (float)(NextBits() >> 40) / (1 << 24);

    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    public override void NextBytes(Span<byte> buffer)
    {
        for (; buffer.Length >= sizeof(ulong); buffer = buffer[sizeof(ulong)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, NextBits());
        }

        for (int at = 0; at < buffer.Length; at++)
        {
            buffer[at] = (byte)NextBits();
        }
    }

    protected override double Sample() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    private ulong NextBits()
    {
        ulong bits = _state = unchecked(_state + 0x9E3779B97F4A7C15UL);
        bits = unchecked((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9UL);
        bits = unchecked((bits ^ (bits >> 27)) * 0x94D049BB133111EBUL);
        return bits ^ (bits >> 31);
    }
}
