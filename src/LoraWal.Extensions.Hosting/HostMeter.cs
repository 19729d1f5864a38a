using System.Diagnostics.Metrics;
using LoraWal.Diagnostics;

namespace LoraWal.Extensions.Hosting;

/// <summary>What the host measures; the engine measures the rest, on the same meter.</summary>
internal sealed class HostMeter
{
    private readonly HostedLog _log;
    private readonly Histogram<double> _replayDuration;

    public HostMeter(HostedLog log, IMeterFactory? factory)
    {
        _log = log;
        Meter meter = WalMeter.CreateMeter(factory, NameTag());
        _replayDuration = meter.CreateHistogram<double>(
            "lorawal.replay.duration", "s", "How long the replay targets took to catch up with the log.");
        meter.CreateObservableGauge(
            "lorawal.healthy", Observe, description: "1 while the log takes appends or is switched off, else 0.");
    }

    public void Replayed(TimeSpan duration) => _replayDuration.Record(duration.TotalSeconds, NameTag());

    private Measurement<int> Observe() =>
        new(_log.Status.State is WalState.Running or WalState.Disabled ? 1 : 0, NameTag());

    private KeyValuePair<string, object?> NameTag() => new(WalMeter.NameTag, _log.Name);
}
