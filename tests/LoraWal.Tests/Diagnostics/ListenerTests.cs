using System.Diagnostics.Metrics;
using LoraWal.TestSupport;
using Microsoft.Extensions.Logging;

namespace LoraWal.Tests.Diagnostics;

public class ListenerTests
{
    [Fact]
    public void A_logger_that_throws_costs_its_message_and_nothing_else()
    {
        TestLog world = new();
        using ThrowingLogger logger = new();
        Wal wal = Wal.Open(world.Options, world.CreateEnvironment() with { LoggerFactory = logger });

        Assert.Equal(200ul, AppendUntilRotated(wal).Value);
        Assert.True(logger.Calls > 0, "The log writes a message when it rotates.");
    }

    [Fact]
    public void A_metrics_listener_that_throws_costs_its_measurement_and_nothing_else()
    {
        TestLog world = new();
        world.Options.Name = nameof(A_metrics_listener_that_throws_costs_its_measurement_and_nothing_else);
        int calls = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Tags?.Any(tag => world.Options.Name.Equals(tag.Value)) == true)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => Throw(ref calls));
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Throw(ref calls));
        listener.Start();
        Wal wal = world.Open();

        Assert.Equal(200ul, AppendUntilRotated(wal).Value);
        Assert.True(calls > 0, "The log measures appends.");
    }

    private static Lsn AppendUntilRotated(Wal wal)
    {
        byte[] payload = new byte[1000];
        Lsn last = default;
        for (int i = 0; i < 200; i++)
        {
            last = wal.Append(payload);
        }

        Assert.Equal(WalState.Running, wal.Status.State);
        Assert.True(wal.Status.SegmentCount > 2, "200 KB need several segments of 64 KiB.");
        return last;
    }

    private static void Throw(ref int calls)
    {
        calls++;
        throw new InvalidOperationException("A listener of the test.");
    }

    private sealed class ThrowingLogger : ILoggerFactory, ILogger
    {
        public int Calls { get; private set; }

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            Calls++;
            throw new InvalidOperationException("A logger of the test.");
        }

        public void Dispose()
        {
        }
    }
}
