using System.Diagnostics;
using System.Globalization;

namespace LoraWal.Benchmarks;

/// <summary>Every workload a few times, interleaved, so that the machine's mood touches all alike; medians.</summary>
internal sealed class BenchmarkRun(string root, TimeSpan time, int rounds)
{
    private const int PayloadBytes = 100;
    private const int FrameBytes = 136;

    private readonly Dictionary<string, List<double>> _rates = [];
    private readonly List<double> _commitsPerSync = [];
    private int _directories;

    public async Task<int> RunAsync()
    {
        for (int round = 0; round < rounds; round++)
        {
            Add("floor: pwrite", Floor.Run(root, FrameBytes, syncs: false, time));
            Add("GroupSync, Append, 1 thread", Blocking(AppendDurability.Written, 1));
            Add("GroupSync, Append, 4 threads", Blocking(AppendDurability.Written, 4));
            Add("GroupSync, AppendAsync, 1 caller", await AsyncOnceAsync(SyncMode.GroupSync, 1));
            Add("GroupSync, Append, Buffered, 1 thread", Blocking(AppendDurability.Buffered, 1));
            Add("GroupSync, Append, Buffered, 4 threads", Blocking(AppendDurability.Buffered, 4));
            Add("floor: pwrite + fdatasync", Floor.Run(root, FrameBytes, syncs: true, time));
            foreach (int writers in new[] { 1, 4, 16, 64, 256 })
            {
                Add($"PerCommit, {writers} writers", await AsyncOnceAsync(SyncMode.PerCommit, writers));
            }

            Add("replay, lone records", await ReplayAsync(transactionRecords: 1));
            Add("replay, transactions of 100", await ReplayAsync(transactionRecords: 100));
        }

        return Print();
    }

    private int Print()
    {
        double write = Median("floor: pwrite");
        double sync = Median("floor: pwrite + fdatasync");
        Console.WriteLine($"{PayloadBytes}-byte records, {rounds} rounds of {time.TotalSeconds:0.0} s, medians");
        Console.WriteLine();
        foreach ((string name, List<double> rates) in _rates)
        {
            string ratio = name.StartsWith("replay", StringComparison.Ordinal)
                ? ""
                : $"{Median(name) / (name.Contains("PerCommit") || name.Contains("fdatasync") ? sync : write),8:0.00} x floor";
            string range = string.Create(
                CultureInfo.InvariantCulture, $"{rates.Min(),12:N0} .. {rates.Max(),12:N0}");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name,-40} {Median(name),12:N0} records/s  ({range}) {ratio}"));
        }

        _commitsPerSync.Sort();
        Console.WriteLine();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"64 PerCommit writers: {_commitsPerSync[_commitsPerSync.Count / 2]:0.0} commits per fdatasync (own metrics)"));
        return 0;
    }

    private double Blocking(AppendDurability durability, int threads)
    {
        using Wal wal = Open(SyncMode.GroupSync);
        byte[] payload = new byte[PayloadBytes];
        long start = Stopwatch.GetTimestamp();
        long[] counts = new long[threads];
        Thread[] all = Enumerable.Range(0, threads).Select(id => new Thread(() =>
        {
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                for (int i = 0; i < 64; i++)
                {
                    wal.Append(payload, 0, durability);
                }

                counts[id] += 64;
            }
        })).ToArray();
        Array.ForEach(all, thread => thread.Start());
        Array.ForEach(all, thread => thread.Join());
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private async Task<double> AsyncOnceAsync(SyncMode mode, int writers)
    {
        using SyncMeter? meter = writers == 64 ? new SyncMeter() : null;
        await using Wal wal = Open(mode);
        long start = Stopwatch.GetTimestamp();
        long[] counts = await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            byte[] payload = new byte[PayloadBytes];
            long count = 0;
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                await wal.AppendAsync(payload);
                count++;
            }

            return count;
        })));
        double rate = counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (meter is not null)
        {
            _commitsPerSync.Add(meter.Records / (double)Math.Max(meter.Syncs, 1));
        }

        return rate;
    }

    private async Task<double> ReplayAsync(int transactionRecords)
    {
        const int Records = 1_000_000;
        await using Wal wal = Open(SyncMode.None);
        byte[] payload = new byte[PayloadBytes];
        using var batch = new WalBatch();
        for (int i = 0; i < Records; i += transactionRecords)
        {
            if (transactionRecords == 1)
            {
                wal.Append(payload, 0, AppendDurability.Written);
                continue;
            }

            batch.Clear();
            for (int j = 0; j < transactionRecords; j++)
            {
                batch.Add(payload);
            }

            await wal.CommitAsync(batch);
        }

        await wal.SyncAsync();
        long start = Stopwatch.GetTimestamp();
        long read = 0;
        await foreach (WalTransaction transaction in wal.ReadAsync())
        {
            read += transaction.Count;
        }

        return read / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private Wal Open(SyncMode mode)
    {
        string directory = Path.Combine(root, $"log-{_directories++}");
        return Wal.OpenAsync(new WalOptions { Directory = directory, SyncMode = mode }).AsTask().GetAwaiter().GetResult();
    }

    private void Add(string name, double rate)
    {
        if (!_rates.TryGetValue(name, out List<double>? rates))
        {
            _rates[name] = rates = [];
        }

        rates.Add(rate);
        foreach (string old in Directory.EnumerateDirectories(root))
        {
            Directory.Delete(old, recursive: true);
        }
    }

    private double Median(string name)
    {
        List<double> sorted = [.. _rates[name].Order()];
        return sorted[sorted.Count / 2];
    }
}
