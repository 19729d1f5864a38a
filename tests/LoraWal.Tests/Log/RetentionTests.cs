using LoraWal.Log;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using Microsoft.Extensions.Logging;

namespace LoraWal.Tests.Log;

/// <summary>Retention on a whole log in a simulated world.</summary>
public class RetentionTests
{
    private const int RecordBytes = 10_000; // five of them in a segment
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    private readonly TestLog _log = new() { Options = { SyncMode = SyncMode.PerCommit } };

    [Fact]
    public void Whole_segments_go_until_the_records_are_within_the_limit()
    {
        Wal wal = Filled(60);
        TruncateResult result = Apply(wal, new WalRetentionOptions { MaxRecords = 20 });

        Assert.True(result.SegmentsDeleted > 0);
        ulong left = 61 - result.OldestLsn.Value;
        Assert.InRange(left, 16UL, 20UL); // at most the limit, at least a segment's records less
        Assert.Equal(60, LastOf(wal));
        Assert.Equal(0, Apply(wal, new WalRetentionOptions { MaxRecords = 20 }).SegmentsDeleted);
    }

    [Fact]
    public void Whole_segments_go_until_the_files_are_within_the_limit()
    {
        Wal wal = Filled(60);
        long segment = wal.Status.LogBytes / wal.Status.SegmentCount;
        Apply(wal, new WalRetentionOptions { MaxBytes = (3 * segment) + 1 });

        Assert.Equal(3, wal.Status.SegmentCount);
        Assert.Equal(60, LastOf(wal));
    }

    [Fact]
    public void A_segment_is_as_old_as_its_newest_record_can_be()
    {
        Wal wal = _log.Open();
        for (int number = 1; number <= 30; number++)
        {
            wal.AppendMany(number, number, RecordBytes);
            _log.Time.Advance(TimeSpan.FromMinutes(1));
        }

        TimeSpan age = TimeSpan.FromMinutes(14.5);
        DateTimeOffset oldestToKeep = _log.Time.GetUtcNow() - age;
        List<WalTransaction> before = [.. wal.ReadAsync().ToBlockingEnumerable()];
        ulong[] firstOfSegments = [.. Enumerable.Range(0, 6).Select(i => (ulong)(1 + (i * 5)))];
        Lsn oldest = Apply(wal, new WalRetentionOptions { MaxAge = age }).OldestLsn;

        Assert.Contains(oldest.Value, firstOfSegments);
        Assert.True(oldest.Value > 1, "Something is old enough.");
        Assert.All(
            before,
            t => Assert.True(t.LastLsn >= oldest || t.Timestamp < oldestToKeep, $"LSN {t.LastLsn} is young and gone"));
        Lsn next = new(oldest.Value + 5); // had the next segment gone, too, a young record would have gone with it
        Assert.Contains(before, t => t.LastLsn < next && t.LastLsn >= oldest && t.Timestamp >= oldestToKeep);
    }

    [Fact]
    public void A_clock_that_goes_back_makes_no_segment_look_older_than_those_before_it()
    {
        Wal wal = Filled(3); // the first segment ends after the clock went back: only its own beginning tells its age
        DateTimeOffset before = _log.Time.GetUtcNow();
        TestLog past = new(2, _log.Disk)
        {
            Time = new(before.AddYears(-50)),
            Options = { SyncMode = SyncMode.PerCommit },
        };
        _log.Close(wal);
        wal = past.Open();
        wal.AppendMany(4, 40, RecordBytes);
        past.Time.SetUtcNow(before);
        int segments = wal.Status.SegmentCount;

        TruncateResult result = past.Finish(wal.ApplyRetentionAsync(
            new WalRetentionOptions { MaxAge = TimeSpan.FromDays(1) }));

        Assert.Equal(0, result.SegmentsDeleted);
        Assert.Equal(segments, wal.Status.SegmentCount);
    }

    [Fact]
    public void The_ages_of_segments_are_known_after_the_log_was_opened_again()
    {
        Wal wal = Filled(30);
        _log.Time.Advance(TimeSpan.FromHours(2));
        wal.AppendMany(31, 42, RecordBytes);
        _log.Kill();
        wal = _log.Open();

        TruncateResult result = Apply(wal, new WalRetentionOptions { MaxAge = TimeSpan.FromHours(1) });

        Assert.True(result.SegmentsDeleted > 0);
        Assert.InRange(result.OldestLsn.Value, 25UL, 31UL);
    }

    [Fact]
    public void The_active_segment_stays_whatever_the_limits()
    {
        Wal wal = Filled(30);
        _log.Time.Advance(TimeSpan.FromDays(1000));
        Apply(wal, new WalRetentionOptions { MaxAge = TimeSpan.FromTicks(1), MaxBytes = 1, MaxRecords = 1 });

        Assert.Equal(1, wal.Status.SegmentCount);
        Assert.Equal(30, LastOf(wal));
        Assert.Equal(new Lsn(31), wal.Append([1]));
    }

    [Fact]
    public void Within_the_limits_nothing_is_written_and_nothing_goes()
    {
        Wal wal = Filled(30);
        long writes = _log.Disk.Counters.Writes;
        TruncateResult result = Apply(wal, new WalRetentionOptions { MaxRecords = 30, MaxAge = TimeSpan.FromDays(1) });

        Assert.Equal(0, result.SegmentsDeleted);
        Assert.Equal(new Lsn(1), result.OldestLsn);
        Assert.Equal(writes, _log.Disk.Counters.Writes);
    }

    [Fact]
    public void Nothing_above_the_newest_checkpoint_goes_and_that_is_said_once()
    {
        using RecordingLogger logger = new();
        Wal wal = Wal.Open(_log.Options, _log.CreateEnvironment() with { LoggerFactory = logger });
        wal.AppendMany(1, 60, RecordBytes);
        _log.Finish(wal.CheckpointAsync(new Lsn(13)));
        WalRetentionOptions limits = new() { MaxRecords = 10 };

        TruncateResult result = Apply(wal, limits);

        Assert.Equal(new Lsn(11), result.OldestLsn); // two whole segments end at or below 13
        Assert.Equal([420], logger.Warnings);
        _log.Finish(wal.CheckpointAsync(new Lsn(60)));
        Assert.InRange(Apply(wal, limits).OldestLsn.Value, 51UL, 56UL);
        Assert.Equal([420], logger.Warnings);
    }

    [Fact]
    public void A_log_that_is_replayed_loses_nothing_before_its_first_checkpoint()
    {
        using RecordingLogger logger = new();
        Wal wal = Wal.Open(_log.Options, _log.CreateEnvironment() with { LoggerFactory = logger });
        wal.AppendMany(1, 60, RecordBytes);
        using CancellationTokenSource stop = new();
        Task run = WalRetention.RunRetentionAsync(
            wal, new WalRetentionOptions { MaxRecords = 10 }, needsCheckpoint: true, stop.Token);
        stop.Cancel();
        _log.Finish(new ValueTask(run));

        Assert.Equal(new Lsn(1), wal.Status.OldestLsn);
        Assert.Equal([420], logger.Warnings);
    }

    [Fact]
    public async Task On_a_timer_it_is_applied_at_once_and_then_in_every_interval()
    {
        TestLog log = new()
        {
            OtherWork = ThreadWorkScheduler.Instance,
            Options = { SyncMode = SyncMode.PerCommit },
        };
        using SignallingLogger logger = new();
        Wal wal = Wal.Open(log.Options, log.CreateEnvironment() with { LoggerFactory = logger });
        wal.AppendMany(1, 30, RecordBytes);
        using CancellationTokenSource stop = new();
        Task truncated = logger.NextTruncation();
        Task run = wal.RunRetentionAsync(
            new WalRetentionOptions { MaxRecords = 10, Interval = TimeSpan.FromMinutes(5) }, stop.Token);
        await truncated.WaitAsync(HangGuard);
        Lsn first = wal.Status.OldestLsn;
        Assert.InRange(first.Value, 21UL, 26UL);

        wal.AppendMany(31, 60, RecordBytes);
        truncated = logger.NextTruncation();
        log.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.Equal(first, wal.Status.OldestLsn);
        log.Time.Advance(TimeSpan.FromTicks(1));
        await truncated.WaitAsync(HangGuard);
        Assert.InRange(wal.Status.OldestLsn.Value, 51UL, 56UL);

        await stop.CancelAsync();
        await run.WaitAsync(HangGuard);
    }

    [Fact]
    public async Task The_timer_ends_with_the_log()
    {
        TestLog log = new() { OtherWork = ThreadWorkScheduler.Instance };
        Wal wal = log.Open();
        Task run = wal.RunRetentionAsync(new WalRetentionOptions { MaxRecords = 1 });
        wal.AppendMany(1, 30, RecordBytes);
        await wal.DisposeAsync();
        log.Time.Advance(TimeSpan.FromMinutes(1));

        await run.WaitAsync(HangGuard);
    }

    [Fact]
    public void A_pass_that_fails_is_reported_and_made_again()
    {
        using RecordingLogger logger = new();
        Wal wal = Wal.Open(_log.Options, _log.CreateEnvironment() with { LoggerFactory = logger });
        wal.AppendMany(1, 30, RecordBytes);
        int calls = 0;
        using CancellationTokenSource stop = new();
        RetentionRunner runner = new(
            wal.Parts.Core,
            (fence, token) => ++calls == 1 ? throw new WalFullException("no room for the marker") : Stop(stop),
            new WalRetentionOptions { MaxRecords = 1 },
            needsCheckpoint: false);

        Task run = runner.RunAsync(() => 0, stop.Token);
        Assert.Equal([421], logger.Warnings);
        _log.Time.Advance(TimeSpan.FromMinutes(1));
        _log.Finish(new ValueTask(run));
        Assert.Equal(2, calls);
        Assert.Equal([421], logger.Warnings);
    }

    [Theory]
    [InlineData(-1, 0, 0, 60, "MaxAge")]
    [InlineData(0, -1, 0, 60, "MaxBytes")]
    [InlineData(0, 0, -1, 60, "MaxRecords")]
    [InlineData(0, 0, 0, 0, "Interval")]
    [InlineData(0, 0, 0, 86401, "Interval")]
    public async Task A_limit_out_of_its_range_is_refused_by_name(
        int age, long bytes, long records, int seconds, string name)
    {
        Wal wal = _log.Open();
        WalRetentionOptions limits = new()
        {
            MaxAge = TimeSpan.FromSeconds(age),
            MaxBytes = bytes,
            MaxRecords = records,
            Interval = TimeSpan.FromSeconds(seconds),
        };

        ArgumentException failure = await Assert.ThrowsAsync<ArgumentException>(
            async () => await wal.ApplyRetentionAsync(limits));
        Assert.Contains($"WalRetentionOptions.{name} is", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => wal.RunRetentionAsync(limits));
    }

    private static ValueTask<TruncateResult> Stop(CancellationTokenSource stop)
    {
        stop.Cancel();
        return new(new TruncateResult());
    }

    private Wal Filled(int records)
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, records, RecordBytes);
        return wal;
    }

    private TruncateResult Apply(Wal wal, WalRetentionOptions limits) => _log.Finish(wal.ApplyRetentionAsync(limits));

    private static int LastOf(Wal wal) => (int)wal.ReadAsync().ToBlockingEnumerable().Last().LastLsn.Value;

    private class RecordingLogger : ILoggerFactory, ILogger
    {
        public List<int> Warnings { get; } = [];

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public virtual void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                Warnings.Add(eventId.Id);
            }
        }

        public void Dispose() => GC.SuppressFinalize(this);
    }

    private sealed class SignallingLogger : RecordingLogger
    {
        private TaskCompletionSource _truncated = new();

        public Task NextTruncation()
        {
            _truncated = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _truncated.Task;
        }

        public override void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 402)
            {
                _truncated.TrySetResult();
            }
        }
    }
}
