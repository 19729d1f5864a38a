using System.Globalization;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;
using LoraWal.Benchmarks.Workloads;

namespace LoraWal.Benchmarks.Guard;

/// <summary>The regression check for CI: ratios within this run, never times. A ratio is the median of three; one below
/// its limit is measured again, a bounded number of times, and passes if it is once above: noise passes sooner or
/// later, a lost optimisation needs it twice in a row.</summary>
internal sealed class GuardRun(string root)
{
    private const int Attempts = 5;
    private const int Rounds = 3;
    private const int PayloadBytes = 100;
    private const int ReplayRecords = 300_000;
    private const int ReplayWarmUps = 20;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.1);

    private readonly byte[] _payload = Payload.Of(PayloadBytes);
    private readonly IContender _wal = Contenders.Named(Contenders.LoraWal);
    private readonly IContender _floor = Contenders.Named(Contenders.Floor);
    private int _directories;

    /// <returns>Number of ratios that stayed below their limits.</returns>
    public async Task<int> RunAsync()
    {
        List<string> failures = [];
        foreach (GuardCheck check in Checks())
        {
            double best = 0;
            int attempt = 0;
            while (attempt < Attempts && best < check.AtLeast)
            {
                attempt++;
                best = Math.Max(best, await MedianAsync(check));
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(best >= check.AtLeast ? "ok    " : "FAILED")} {check.Work}: {best:0.00} x, at least "
                + $"{check.AtLeast:0.00} ({attempt} of at most {Attempts} attempts)"));
            if (best < check.AtLeast)
            {
                failures.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{check.Work}: {best:0.00} x is the best of {Attempts} attempts, and it has to be "
                    + $"{check.AtLeast:0.00} x: {check.Lost}."));
            }
        }

        failures.ForEach(Console.Error.WriteLine);
        return failures.Count;
    }

    private static async Task<double> MedianAsync(GuardCheck check)
    {
        var ratios = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            ratios[i] = await check.MeasureAsync();
        }

        Array.Sort(ratios);
        return ratios[Rounds / 2];
    }

    private IEnumerable<GuardCheck> Checks()
    {
        yield return new GuardCheck(
            "64 durable async writers, of 1 writer", 12, "commits no longer share an fsync",
            async () => await DurableAsync(64) / await DurableAsync(1));
        yield return new GuardCheck(
            "256 durable async writers, of 64 writers", 1.15, "a crowd no longer grows with its writers",
            async () => await DurableAsync(256) / await DurableAsync(64));
        yield return new GuardCheck(
            "durable commit of 1 writer, of the floor", 0.7,
            "a lone caller waits for more than one write and one fdatasync of zeros",
            async () => await DurableAsync(1) / Blocking(_floor, Promise.Durable));
        yield return new GuardCheck(
            "written append, of the floor", 0.5, "an append does more than one pwrite",
            () => Task.FromResult(Blocking(_wal, Promise.Written) / Blocking(_floor, Promise.Written)));
        yield return new GuardCheck(
            "buffered append, of the written append", 4, "a buffered append makes a system call, or waits",
            () => Task.FromResult(Blocking(_wal, Promise.Buffered) / Blocking(_wal, Promise.Written)));
        yield return new GuardCheck(
            "replay of transactions of 100, of lone records", 1.15, "batches are no longer read as one frame",
            () => Task.FromResult(Replay(100) / Replay(1)));
        yield return new GuardCheck(
            "replay of lone records, of writing them", 1.5, "reading is no longer sequential in large chunks",
            () => Task.FromResult(Replay(1) / Blocking(_wal, Promise.Written)));
    }

    private async Task<double> DurableAsync(int writers) =>
        await WithLogAsync(_wal, Promise.Durable, async log =>
        {
            await Load.AsyncAsync(log, _payload, writers, WarmUp, latencies: null);
            return await Load.AsyncAsync(log, _payload, writers, Time, latencies: null) / Time.TotalSeconds;
        });

    private double Blocking(IContender contender, Promise promise) => WithLog(contender, promise, log =>
    {
        // Timed one by one where there is a sync, so that the loop looks at the clock often enough.
        LatencyHistogram? latencies = promise == Promise.Durable ? new LatencyHistogram() : null;
        Load.Blocking(() => log.Append(_payload), 1, WarmUp, latencies);
        return Load.Blocking(() => log.Append(_payload), 1, Time, latencies) / Time.TotalSeconds;
    });

    private double Replay(int transactionRecords) => WithLog(_wal, Promise.Written, log =>
    {
        Filling.Fill(log, _payload, ReplayRecords, transactionRecords);
        for (int i = 0; i < ReplayWarmUps; i++)
        {
            log.Replay(ReplayRecords / ReplayWarmUps);
        }

        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        (long records, _) = log.Replay(long.MaxValue);
        return records / System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
    });

    private double WithLog(IContender contender, Promise promise, Func<ILog, double> measure) =>
        WithLogAsync(contender, promise, log => Task.FromResult(measure(log))).GetAwaiter().GetResult();

    private async Task<double> WithLogAsync(IContender contender, Promise promise, Func<ILog, Task<double>> measure)
    {
        string directory = Path.Combine(root, $"log-{_directories++}");
        double measured;
        using (ILog log = contender.Open(directory, promise))
        {
            measured = await measure(log);
        }

        Directory.Delete(directory, recursive: true);
        return measured;
    }
}
