using LoraWal.Cursors;
using LoraWal.Diagnostics;
using LoraWal.Log;
using LoraWal.Machines;
using LoraWal.Recovery;
using LoraWal.Segments;
using LoraWal.Snapshots;
using LoraWal.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LoraWal;

/// <summary>Joins the parts: takes the lock, recovers, and builds the log on what recovery hands over.</summary>
internal static class WalOpener
{
    /// <summary>Opens a log. The environment's storage is disposed of if that fails.</summary>
    public static Wal Open(WalOptions options, WalEnvironment environment)
    {
        try
        {
            return OpenOrThrow(options, environment);
        }
        catch
        {
            environment.Storage.Dispose();
            throw;
        }
    }

    private static Wal OpenOrThrow(WalOptions options, WalEnvironment environment)
    {
        long start = environment.Time.GetTimestamp();
        environment.Storage.CreateDirectory();
        environment.Storage.Lock(
            new OwnerRecord(System.Environment.ProcessId, System.Environment.MachineName, environment.Time.GetUtcNow()),
            options.AllowUnsafeFileSystem);

        // A snapshot's name fences new records as ReplayAfter does, also where the segments are gone.
        IReadOnlyList<string> names = environment.Storage.List();
        LogSettings settings = SettingsOf(options, SnapshotName.GreatestLsn(names));
        var files = new SegmentFiles(environment.Storage);
        var recovery = new RecoverySettings(
            settings.SegmentBytes,
            settings.OpenFence,
            options.TornTail == TornTailPolicy.Refuse,
            environment.FillRandom,
            environment.Time.GetUtcNow())
        {
            LogId = names.Any(IsSegment) ? null : FindLogId(environment.Storage, names),
        };
        RecoveredLog recovered = new LogRecovery(files, recovery).Run();
        try
        {
            options.RecordTypes.Use();
            Wal wal = Build(environment, options, settings, files, recovered, environment.Time.GetElapsedTime(start));
            HoldForMachines(wal.Parts.Core.Holds, names);
            Report(environment, options, wal);
            return wal;
        }
        catch
        {
            recovered.Active.File.Dispose();
            throw;
        }
    }

    private static Wal Build(
        WalEnvironment environment,
        WalOptions options,
        LogSettings settings,
        SegmentFiles files,
        RecoveredLog recovered,
        TimeSpan took)
    {
        var store = new CursorStore(environment.Storage);
        store.DeleteLeftovers();
        IReadOnlyList<StoredCursor> stored =
            store.ReadAll(recovered.Active.Header.LogId, recovered.Report.LastLsn.Value);
        var status = new StatusSource();
        ILogger logger = LoggerOf(environment);
        var diagnostics = new WalDiagnostics(
            logger, new WalMeter(settings.Name, environment.MeterFactory, status.Now));
        var logEnvironment = new LogEnvironment(
            settings, environment.Time, environment.Work, environment.FillRandom, recovered.Generation, diagnostics)
        {
            LogId = recovered.Active.Header.LogId,
        };
        var maker = new SegmentMaker(files, new SegmentSupply(files, environment.Work, settings.SegmentBytes));
        var start = new LogStart(recovered.Active, recovered.Segments, recovered.Fence, recovered.Floor);
        var log = new LogWriter(logEnvironment, maker, start);
        status.Log = new WeakReference<LogWriter>(log);
        var control = new LogControl(log, maker);

        // ORDER: every cursor's hold is there before the log is handed out, and so before any truncation.
        var cursors = new CursorBook(log.Core, control, environment.Storage, recovered.Active.Header.LogId);
        cursors.Load(stored);
        return new Wal(environment, diagnostics, log, control)
        {
            RecordTypes = options.RecordTypes,
            Cursors = cursors,
            Recovery = recovered.Report with { Duration = took },
        };
    }

    // A machine that nobody has opened yet keeps what lies above the oldest of its snapshots: others may truncate
    // before.
    private static void HoldForMachines(TruncationHolds holds, IReadOnlyList<string> names)
    {
        var oldest = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (SnapshotName.TryParse(name, out ulong lsn, out string machine))
            {
                oldest[machine] = Math.Min(lsn, oldest.GetValueOrDefault(machine, ulong.MaxValue));
            }
        }

        foreach ((string machine, ulong lsn) in oldest)
        {
            holds.Set(SnapshotTaker.HolderOf(machine), lsn);
        }
    }

    private static ILogger LoggerOf(WalEnvironment environment) =>
        environment.LoggerFactory?.CreateLogger("LoraWal.Wal") is { } logger
            ? new QuietLogger(logger)
            : NullLogger.Instance;

    private static bool IsSegment(string name) => SegmentName.TryParse(name, out _);

    // A log whose segments are gone goes on as the one of its newest snapshot, or that would be refused.
    private static UInt128? FindLogId(IStorage storage, IReadOnlyList<string> names) => names
        .Where(name => SnapshotName.TryParse(name, out _, out _))
        .OrderDescending(StringComparer.Ordinal)
        .Select(name => SnapshotReader.TryReadLogId(storage, name))
        .FirstOrDefault(id => id is not null);

    private static LogSettings SettingsOf(WalOptions options, ulong snapshotLsn) => new()
    {
        Name = options.Name,
        SyncMode = options.SyncMode,
        GroupSyncInterval = options.GroupSyncInterval,
        SegmentBytes = SegmentLayout.SizeFor(options.SegmentTargetBytes),
        MaxTransactionBytes = options.MaxTransactionBytes,
        MaxPendingBytes = options.MaxPendingBytes,
        MaxLogBytes = options.MaxLogBytes,
        OpenFence = Math.Max(options.ReplayAfter.Value, snapshotLsn),
    };

    private static void Report(WalEnvironment environment, WalOptions options, Wal wal)
    {
        ILogger logger = LoggerOf(environment);
        RecoveryReport found = wal.Recovery;
        WalStatus now = wal.Status;
        WalLog.Opened(
            logger, wal.Name, environment.Storage.DirectoryPath, now.NextLsn, now.SegmentCount, found.Generation);
        if (found.Verdict != TailVerdict.Created)
        {
            WalLog.Recovered(
                logger,
                wal.Name,
                found.Verdict,
                found.LastLsn,
                found.RewrittenBytes,
                found.LeftoversDeleted,
                found.Duration);
        }

        if (found.SetAsideAs is not null)
        {
            WalLog.TornTail(
                logger, wal.Name, found.TornBytes, found.TornOffset, found.TornSegment, found.SetAsideAs);
        }
        else if (found.TornBytes > 0)
        {
            WalLog.TornTailNotKept(logger, wal.Name, found.TornBytes, found.TornOffset, found.TornSegment);
        }

        if (!options.ReplayAfter.IsNone && options.ReplayAfter < found.CheckpointLsn)
        {
            WalLog.OlderSnapshot(logger, wal.Name, options.ReplayAfter, found.CheckpointLsn);
        }
    }

    /// <summary>Gives the meter a status as long as there is a log; never keeps one alive.</summary>
    private sealed class StatusSource
    {
        public WeakReference<LogWriter>? Log { get; set; }

        public WalStatus? Now() =>
            Log is { } weak && weak.TryGetTarget(out LogWriter? log) ? Wal.StatusOf(log) : null;
    }
}
