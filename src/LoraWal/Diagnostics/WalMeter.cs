using System.Diagnostics.Metrics;

namespace LoraWal.Diagnostics;

/// <summary>Every instrument of a log, named once. With nobody listening they cost a check of a flag.</summary>
internal sealed class WalMeter : IDisposable
{
    public const string MeterName = "LoraWal";
    public const string NameTag = "lorawal.log.name";

    private readonly Meter? _owned;

    public WalMeter(string logName, IMeterFactory? factory, Func<WalStatus?> status)
    {
        KeyValuePair<string, object?> name = new(NameTag, logName);
        Meter meter = factory?.Create(new MeterOptions(MeterName) { Tags = [name] })
            ?? (_owned = new Meter(new MeterOptions(MeterName) { Tags = [name] }));

        AppendDuration = meter.CreateHistogram<double>(
            "lorawal.append.duration", "s", "Time of an append, to the durability it asked for.");
        CommitDurableDuration = meter.CreateHistogram<double>(
            "lorawal.commit.durable.duration", "s", "Time of an append that waited until it was durable.");
        SyncDuration = meter.CreateHistogram<double>(
            "lorawal.fsync.duration", "s", "Time of a sync, by reason.");
        SyncBatchRecords = meter.CreateHistogram<long>(
            "lorawal.fsync.batch.records", "{record}", "Records that one sync made durable.");
        AppendRecords = meter.CreateCounter<long>(
            "lorawal.append.records", "{record}", "Records written.");
        AppendSize = meter.CreateHistogram<long>(
            "lorawal.append.size", "By", "Payload bytes of an append.");
        meter.CreateObservableGauge(
            "lorawal.unsynced.age",
            () => Observe(status(), static now => now.OldestUnsyncedAge.TotalSeconds),
            "s",
            "Age of the oldest record that has not been synced.");
        meter.CreateObservableUpDownCounter(
            "lorawal.segment.count",
            () => Observe(status(), static now => (long)now.SegmentCount),
            "{segment}",
            "Segments, the active one included.");
        meter.CreateObservableUpDownCounter(
            "lorawal.storage.usage",
            () => Observe(status(), static now => now.LogBytes),
            "By",
            "Bytes of all segment files.");
    }

    public Histogram<double> AppendDuration { get; }

    public Histogram<double> CommitDurableDuration { get; }

    public Histogram<double> SyncDuration { get; }

    public Histogram<long> SyncBatchRecords { get; }

    public Counter<long> AppendRecords { get; }

    public Histogram<long> AppendSize { get; }

    /// <summary>Ends the meter, if it is the log's own; a factory's meters end with the factory.</summary>
    public void Dispose() => _owned?.Dispose();

    private static IEnumerable<Measurement<T>> Observe<T>(WalStatus? status, Func<WalStatus, T> value)
        where T : struct =>
        status is null or { State: WalState.Closed } ? [] : [new Measurement<T>(value(status))];
}
