using System.Diagnostics.Metrics;

namespace LoraWal.Simulation;

/// <summary>The meters of one simulated process: they end with it, or those of thousands of killed ones would pile
/// up.</summary>
internal sealed class ProcessMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _meters.ForEach(meter => meter.Dispose());
        _meters.Clear();
    }
}
