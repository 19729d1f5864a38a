using System.Diagnostics;
using System.Numerics;

namespace LoraWal.Benchmarks.Measuring;

/// <summary>Counts latencies in buckets of at most 6 % width. One writer each; added up at the end.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 4;
    private const int Sub = 1 << SubBits;

    private readonly int[] _counts = new int[(64 - SubBits + 1) * Sub];
    private long _max;

    public void Add(long ticks)
    {
        _counts[Bucket(Math.Max(ticks, 0))]++;
        _max = Math.Max(_max, ticks);
    }

    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        _max = Math.Max(_max, other._max);
    }

    public void Clear()
    {
        Array.Clear(_counts);
        _max = 0;
    }

    /// <summary>p50_us, p99_us, p999_us, max_us.</summary>
    public void Report(Dictionary<string, double> values)
    {
        if (_max == 0)
        {
            return;
        }

        values["p50_us"] = Percentile(0.5);
        values["p99_us"] = Percentile(0.99);
        values["p999_us"] = Percentile(0.999);
        values["max_us"] = Microseconds(_max);
    }

    private static int Bucket(long ticks)
    {
        int shift = Math.Max(BitOperations.Log2((ulong)ticks | 1) - SubBits, 0);
        return (shift * Sub) + (int)(ticks >> shift);
    }

    private static double Microseconds(double ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private double Percentile(double part)
    {
        long rank = (long)Math.Ceiling(_counts.Sum(count => (long)count) * part);
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank)
            {
                // The middle of the bucket: its low bits are those it was found by.
                int shift = bucket < 2 * Sub ? 0 : (bucket / Sub) - 1;
                long low = (long)(bucket - (shift * Sub)) << shift;
                return Microseconds(Math.Min(low + ((1L << shift) / 2.0), _max));
            }
        }

        return Microseconds(_max);
    }
}
