using System.Diagnostics.Metrics;

namespace LoraWal.Diagnostics;

/// <summary>Every instrument of a log, named once. With nobody listening they cost a check of a flag.</summary>
internal sealed class WalMeter : IDisposable
{
    public const string MeterName = "LoraWal";
    public const string NameTag = "lorawal.log.name";
    public const string ReasonTag = "lorawal.fsync.reason";

    private readonly Meter? _owned;
    private readonly KeyValuePair<string, object?> _name;

    public WalMeter(string logName, IMeterFactory? factory, Func<WalStatus?> status)
    {
        _name = new KeyValuePair<string, object?>(NameTag, logName);
        Meter meter = CreateMeter(factory, _name);
        _owned = factory is null ? meter : null;

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

    /// <summary>Whether somebody wants appends to be timed.</summary>
    public bool TimesAppends => AppendDuration.Enabled || CommitDurableDuration.Enabled || AppendSize.Enabled;

    private Histogram<double> AppendDuration { get; }

    private Histogram<double> CommitDurableDuration { get; }

    private Histogram<double> SyncDuration { get; }

    private Histogram<long> SyncBatchRecords { get; }

    private Counter<long> AppendRecords { get; }

    private Histogram<long> AppendSize { get; }

    /// <summary>The meter of one log: the name is on the meter, which tells two logs' meters apart, and on every
    /// measurement, where exporters look for it.</summary>
    public static Meter CreateMeter(IMeterFactory? factory, KeyValuePair<string, object?> name)
    {
        var options = new MeterOptions(MeterName) { Tags = [name] };
        return factory?.Create(options) ?? new Meter(options);
    }

    /// <summary>Records an append that has ended well.</summary>
    public void Appended(TimeSpan took, long payloadBytes, bool isDurable)
    {
        try
        {
            AppendDuration.Record(took.TotalSeconds, _name);
            AppendSize.Record(payloadBytes, _name);
            if (isDurable)
            {
                CommitDurableDuration.Record(took.TotalSeconds, _name);
            }
        }
        catch (Exception)
        {
            // A listener that throws is not the log's failure, here and below.
        }
    }

    /// <summary>Records a write.</summary>
    public void Wrote(long records)
    {
        try
        {
            if (AppendRecords.Enabled && records > 0)
            {
                AppendRecords.Add(records, _name);
            }
        }
        catch (Exception)
        {
            // As above.
        }
    }

    /// <summary>Records a sync.</summary>
    public void Synced(TimeSpan took, string reason, long records)
    {
        try
        {
            if (SyncDuration.Enabled)
            {
                SyncDuration.Record(took.TotalSeconds, _name, new KeyValuePair<string, object?>(ReasonTag, reason));
            }

            if (SyncBatchRecords.Enabled && records > 0)
            {
                SyncBatchRecords.Record(records, _name);
            }
        }
        catch (Exception)
        {
            // As above.
        }
    }

    /// <summary>Ends the meter, if it is the log's own; a factory's meters end with the factory.</summary>
    public void Dispose() => _owned?.Dispose();

    private IEnumerable<Measurement<T>> Observe<T>(WalStatus? status, Func<WalStatus, T> value)
        where T : struct =>
        status is null or { State: WalState.Closed } ? [] : [new Measurement<T>(value(status), _name)];
}
