using LoraWal.Log;
using Microsoft.Extensions.Time.Testing;

namespace LoraWal.TestSupport;

/// <summary>A log in a simulated world: disk, clock, work and chance, all from one seed.</summary>
/// <example><code>
/// TestLog log = new(seed: 7) { Options = { SyncMode = SyncMode.PerCommit } };
/// Wal wal = log.Open();
/// wal.Append(payload);
/// log.PowerCut();
/// Wal again = log.Open();      // closing it needs log.Work.RunAll() meanwhile
/// </code></example>
internal sealed class TestLog
{
    /// <summary>Creates the world; the disk is empty.</summary>
    /// <param name="seed">Repeats everything that is left to chance.</param>
    /// <param name="disk">A disk to go on with; null: a new one.</param>
    public TestLog(long seed = 1, SimulatedDisk? disk = null)
    {
        Random = new SeededRandom(seed);
        Disk = disk ?? new SimulatedDisk(seed);
    }

    public SimulatedDisk Disk { get; }

    public SeededRandom Random { get; }

    public FakeTimeProvider Time { get; init; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public ManualWorkScheduler Work { get; } = new();

    /// <summary>Replaces <see cref="Work"/>, for tests with real threads; null: it is used.</summary>
    public IWorkScheduler? OtherWork { get; init; }

    /// <summary>Whether opening starts the group flusher. Default: no; a test drives its own syncs.</summary>
    public bool StartsFlusher { get; init; }

    /// <summary>Settings for the next open. Segments are of the smallest size unless a test says otherwise.</summary>
    public WalOptions Options { get; } = new()
    {
        Directory = "/simulated/log",
        SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,
    };

    /// <summary>The environment of a process that starts now, with a storage of its own.</summary>
    public WalEnvironment CreateEnvironment() => new()
    {
        Storage = Disk.Mount(),
        Time = Time,
        Work = OtherWork ?? Work,
        FillRandom = Random.Fill,
        StartsFlusher = StartsFlusher,
    };

    /// <summary>Starts a process that opens the log.</summary>
    /// <remarks>The options are not checked: a simulation may ask for smaller segments than any user.</remarks>
    public Wal Open() => WalOpener.Open(Options, CreateEnvironment());

    /// <summary><c>kill -9</c>: the page cache stays; work that waited is gone.</summary>
    public void Kill()
    {
        Disk.Kill();
        Work.Clear();
    }

    /// <summary>The power fails; work that waited is gone.</summary>
    public void PowerCut(CrashStyle style = CrashStyle.Any, DirectoryCrash directory = DirectoryCrash.Any)
    {
        Disk.PowerCut(Random, style, directory);
        Work.Clear();
    }
}
