using System.Diagnostics;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Measuring;

/// <summary>Callers that append as fast as they are answered.</summary>
internal static class Load
{
    private const int UntimedStep = 64;

    private static readonly Lock Sums = new();

    // Kept, so that the harness allocates little beside what it measures. One load runs at a time.
    private static readonly List<LatencyHistogram> Owns = [];

    /// <summary>Threads that block. Each operation is timed where it syncs; where it takes less than the clock does,
    /// it is not.</summary>
    public static long Blocking(Action operation, int threads, TimeSpan time, LatencyHistogram? latencies)
    {
        long start = Stopwatch.GetTimestamp();
        if (threads == 1)
        {
            return Repeat(operation, start, time, latencies);
        }

        long total = 0;
        Thread[] all = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            LatencyHistogram? own = latencies is null ? null : new LatencyHistogram();
            long count = Repeat(operation, start, time, own);
            lock (Sums)
            {
                total += count;
                if (own is not null)
                {
                    latencies!.Add(own);
                }
            }
        }))];
        Array.ForEach(all, thread => thread.Start());
        Array.ForEach(all, thread => thread.Join());
        return total;
    }

    /// <summary>Many asynchronous callers, each with one append under way.</summary>
    public static async Task<long> AsyncAsync(
        ILog log, byte[] payload, int writers, TimeSpan time, LatencyHistogram? latencies)
    {
        while (Owns.Count < writers)
        {
            Owns.Add(new LatencyHistogram());
        }

        Owns.ForEach(own => own.Clear());
        long start = Stopwatch.GetTimestamp();
        long[] counts = await Task.WhenAll(Enumerable.Range(0, writers).Select(id => Task.Run(() => WriteAsync(
            log, payload, start, time, latencies is null ? null : Owns[id]))));
        if (latencies is not null)
        {
            Owns.ForEach(latencies.Add);
        }

        return counts.Sum();
    }

    private static async Task<long> WriteAsync(
        ILog log, byte[] payload, long start, TimeSpan time, LatencyHistogram? latencies)
    {
        long ticks = (long)(time.TotalSeconds * Stopwatch.Frequency);
        long before = Stopwatch.GetTimestamp();
        long count = 0;
        while (before - start < ticks)
        {
            await log.AppendAsync(payload).ConfigureAwait(false);
            long after = Stopwatch.GetTimestamp();
            latencies?.Add(after - before);
            before = after;
            count++;
        }

        return count;
    }

    private static long Repeat(Action operation, long start, TimeSpan time, LatencyHistogram? latencies)
    {
        long ticks = (long)(time.TotalSeconds * Stopwatch.Frequency);
        long count = 0;
        if (latencies is null)
        {
            while (Stopwatch.GetTimestamp() - start < ticks)
            {
                for (int i = 0; i < UntimedStep; i++)
                {
                    operation();
                }

                count += UntimedStep;
            }

            return count;
        }

        for (long before = Stopwatch.GetTimestamp(); before - start < ticks;)
        {
            operation();
            long after = Stopwatch.GetTimestamp();
            latencies.Add(after - before);
            before = after;
            count++;
        }

        return count;
    }
}
