namespace LoraWal.Benchmarks.Report;

/// <summary>One measured value as a column of the tables that show everything.</summary>
internal sealed record Column(string Key, string Title, Func<Spread, string> Show)
{
    /// <param name="floorRate">The floor's in the same workload; null: it took no part.</param>
    /// <param name="floorLatency">The floor's median, in microseconds; null: not timed.</param>
    public static IEnumerable<Column> All(double? floorRate, double? floorLatency)
    {
        yield return new Column("rate", "per second", spread =>
            $"{Figures.Rate(spread.Median)} ({Figures.Rate(spread.Min)} .. {Figures.Rate(spread.Max)})");
        if (floorRate is double rate)
        {
            yield return new Column("rate", "x floor", spread => Figures.Ratio(spread.Median / rate));
        }

        foreach ((string key, string title) in new[]
        {
            ("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99.9"), ("max_us", "max"),
        })
        {
            yield return floorLatency is double one
                ? new Column(key, $"{title}, us (floors)", spread =>
                    $"{Figures.Plain(spread.Median)} ({Figures.Ratio(spread.Median / one)})")
                : new Column(key, $"{title}, us", spread => Figures.Plain(spread.Median));
        }

        foreach ((string key, string title) in new[]
        {
            ("open_ms", "open, ms"), ("mb_per_s", "MB/s"), ("peak_mib", "peak memory, MiB"),
            ("cpu_us", "CPU, us"), ("alloc_bytes", "managed, B"), ("gc0_per_million", "GCs per M"),
            ("device_bytes", "device, B"), ("disk_bytes", "on disk, B"), ("disk_whole_bytes", "with space set aside"),
        })
        {
            yield return new Column(key, title, key == "open_ms"
                ? spread => $"{Figures.Plain(spread.Median)} ({Figures.Plain(spread.Min)} .. "
                    + $"{Figures.Plain(spread.Max)})"
                : spread => Figures.Plain(spread.Median));
        }
    }
}
