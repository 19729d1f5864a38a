using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

public class MeterTests
{
    [Fact]
    public async Task Health_and_the_duration_of_replay_are_measured_per_log()
    {
        var opener = new FakeOpener();
        opener.Log.With(1);
        HostApplicationBuilder builder = HostFixture.Builder(opener);
        builder.Services.AddLoraWal().AddReplayTarget<CollectingTarget>();
        using IHost host = builder.Build();
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        List<(string Instrument, double Value, object? Name)> seen = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Meter is { Name: "LoraWal" } meter && ReferenceEquals(meter.Scope, factory))
            {
                me.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) => seen.Add((instrument.Name, value, tags[0].Value)));
        listener.SetMeasurementEventCallback<int>(
            (instrument, value, tags, _) => seen.Add((instrument.Name, value, tags[0].Value)));
        listener.Start();
        await host.StartAsync();
        listener.RecordObservableInstruments();
        opener.Log.Poison("EIO");
        listener.RecordObservableInstruments();

        Assert.Equal(("lorawal.replay.duration", "default"), (seen[0].Instrument, seen[0].Name));
        Assert.Equal([("lorawal.healthy", 1.0, "default"), ("lorawal.healthy", 0.0, "default")], seen[1..]);
    }
}
