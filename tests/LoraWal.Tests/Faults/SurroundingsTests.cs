using System.Diagnostics.Metrics;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using Microsoft.Extensions.Logging;

namespace LoraWal.Tests.Faults;

/// <summary>What goes wrong around the log: clocks, directories, disks that are slow.</summary>
public class SurroundingsTests
{
    [Fact]
    public async Task A_directory_opened_twice_in_one_process_is_refused_also_through_a_symlink()
    {
        using TemporaryDirectory root = new();
        string directory = Path.Combine(root.Path, "log");
        string link = Path.Combine(root.Path, "link");
        Wal wal = await Wal.OpenAsync(new WalOptions { Directory = directory });
        Directory.CreateSymbolicLink(link, directory);

        foreach (string path in new[] { directory, link, directory + "/../link" })
        {
            WalInUseException refused = await Assert.ThrowsAsync<WalInUseException>(
                async () => await Wal.OpenAsync(new WalOptions { Directory = path }));
            Assert.Equal(System.Environment.ProcessId, refused.ProcessId);
        }

        Assert.Equal(new Lsn(1), wal.Append([1]));
        await wal.DisposeAsync();
        await using Wal again = await Wal.OpenAsync(new WalOptions { Directory = link });
        Assert.Equal(new Lsn(2), again.Append([2]));
    }

    [Fact]
    public void A_directory_replaced_underneath_poisons_at_the_next_rotation()
    {
        TestLog log = new();
        Wal wal = log.Open();
        wal.AppendMany(1, 3);
        log.Disk.ReplaceDirectory();

        WalPoisonedException refused = Assert.Throws<WalPoisonedException>(() => wal.AppendMany(4, 200, 1000));

        Assert.Contains("moved or replaced", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0000000002.wal", log.Disk.Names);
        Assert.Equal(WalState.Poisoned, wal.Status.State);
    }

    [Fact]
    public void A_clock_that_jumps_changes_time_stamps_and_nothing_else()
    {
        TestLog log = new();
        Wal wal = log.Open();
        DateTimeOffset start = log.Time.GetUtcNow();
        wal.AppendMany(1, 2);
        log.Time.AdjustTime(start - TimeSpan.FromDays(30));
        wal.AppendMany(3, 4);
        log.Time.AdjustTime(start + TimeSpan.FromDays(4000)); // more milliseconds than a frame can tell
        wal.AppendMany(5, 6);
        Assert.True(wal.FlushTick());
        Assert.Equal(new Lsn(6), wal.Status.DurableLsn);
        log.Time.AdjustTime(start - TimeSpan.FromDays(4000));
        wal.AppendMany(7, 8);
        log.Sync(wal);
        log.PowerCut();

        Wal again = log.Open();

        Assert.Equal(LogVerbs.Numbered(1, 8), again.Read());
        again.AppendMany(9, 9);
    }

    [Fact]
    public void A_slow_sync_acknowledges_nothing_early_and_is_warned_of_and_measured()
    {
        TestLog log = new() { Options = { SyncMode = SyncMode.PerCommit, Name = "slow" } };
        using RecordingLogger logger = new();
        List<double> measured = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name == "lorawal.fsync.duration"
                && instrument.Meter.Tags?.Any(tag => "slow".Equals(tag.Value)) == true)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => measured.Add(seconds));
        listener.Start();
        Wal wal = Wal.Open(log.Options, log.CreateEnvironment() with { LoggerFactory = logger });
        Lsn durableBefore = default;
        log.Disk.Faults = operation =>
        {
            if (operation.Kind == DiskOperationKind.Sync)
            {
                durableBefore = wal.Status.DurableLsn;
                log.Time.Advance(TimeSpan.FromSeconds(2));
            }

            return FaultAction.None;
        };

        Assert.Equal(new Lsn(1), wal.Append([1]));

        Assert.Equal(Lsn.None, durableBefore);
        Assert.Equal(new Lsn(1), wal.Status.DurableLsn);
        Assert.Contains(2.0, measured);
        Assert.Contains(logger.Messages, message => message.Contains("a sync took 2.0 s", StringComparison.Ordinal));
    }

    private sealed class RecordingLogger : ILoggerFactory, ILogger
    {
        public List<string> Messages { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => Messages.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
