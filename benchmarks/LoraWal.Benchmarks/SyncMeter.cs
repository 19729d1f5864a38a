using System.Diagnostics.Metrics;

namespace LoraWal.Benchmarks;

/// <summary>Counts syncs by the log's own metrics.</summary>
internal sealed class SyncMeter : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _syncs;
    private long _records;

    public SyncMeter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is "lorawal.fsync.duration" or "lorawal.fsync.batch.records")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref _syncs));
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _records, value));
        _listener.Start();
    }

    public long Syncs => Interlocked.Read(ref _syncs);

    public long Records => Interlocked.Read(ref _records);

    public void Dispose() => _listener.Dispose();
}
