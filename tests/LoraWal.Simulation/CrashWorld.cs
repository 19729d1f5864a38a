using System.Runtime.CompilerServices;
using LoraWal.Storage;
using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>One simulated machine: its log, the calls under way, and the faults that are armed.</summary>
/// <remarks>
/// Everything happens on one thread. What other threads would do meanwhile happens in the disk's hooks: before and
/// after each of its calls the log may be called again, and the log's own workers may run. Such calls are made only
/// where they cannot have to wait for the very call they interrupt.
/// </remarks>
internal sealed partial class CrashWorld : IDisposable
{
    private const int SlackBytes = 8 * 1024;
    private const int MostNotes = 20_000;
    private const int MostViolations = 1000;
    public static readonly bool Traces = Environment.GetEnvironmentVariable("LORAWAL_TRACE") is not null;

    private readonly List<PendingCall> _calls = [];
    private readonly List<ArmedFault> _armed = [];
    private readonly ProcessMeters _meters = new();
    private string _activeName = "";
    private long _activeOffset;
    private int _firstOfLife;
    private ulong _firstLsnOfLife;
    private int _notes;
    private int _depth;
    private int _inGate;
    private bool _quiet;
    private bool _syncFailed;
    private bool _latched;
    private string? _violation;
    private int _violations;

    public CrashWorld(SeededRandom settings, long seed, SimulatedDisk? disk = null)
    {
        Log = new TestLog(seed, disk);
        Log.Work.IsSingleThreaded = true;
        Random = settings;
        Profile = CrashProfile.Choose(settings, Log.Options);
        Log.Disk.Faults = Decide;
        Log.Disk.Counters.Completed = AfterCall;
    }

    public TestLog Log { get; }

    public CrashProfile Profile { get; }

    public Oracle Oracle { get; } = new();

    /// <summary>The open log; null if there is none.</summary>
    public Wal? Wal { get; private set; }

    /// <summary>Chance, for the operation under way.</summary>
    public SeededRandom Random { get; set; }

    /// <summary>What happened, for the failure message.</summary>
    public List<string> History { get; } = [];

    /// <summary>Whether the history is kept.</summary>
    public bool KeepsNotes { get; init; }

    /// <summary>How many faults have struck, crashes included.</summary>
    public int Faults { get; private set; }

    public int Recoveries { get; private set; }

    public int FailedOpens { get; private set; }

    public int Kills { get; private set; }

    public int PowerCuts { get; private set; }

    public SimulatedDisk Disk => Log.Disk;

    /// <summary>Whether a call is under way in the disk, so that nothing may block.</summary>
    public bool IsNested => _depth > 0;

    /// <summary>Where the next frame will be, if nothing is written before it.</summary>
    public (string Name, long Offset) End => (_activeName, _activeOffset);

    public bool IsIdle => _calls.Count == 0 && Log.Work.Pending.Count == 0;

    public ulong LastAppended { get; private set; }

    public void Arm(Func<DiskOperation, bool> matches, FaultAction action, int nth) =>
        _armed.Add(new ArmedFault(matches, action, nth));

    public void Disarm() => _armed.Clear();

    /// <summary>Adds to the history.</summary>
    public void Note(string what)
    {
        Oracle.Require(++_notes < MostNotes, $"it goes on for ever: {string.Join(" | ", History.TakeLast(20))}");
        if (KeepsNotes)
        {
            History.Add(new string(' ', 2 * (_depth + 1)) + what);
        }

        if (Traces)
        {
            Console.Error.WriteLine(what);
        }
    }

    public void Note([InterpolatedStringHandlerArgument("")] NoteText what) => Note(what.ToString());

    /// <summary>Whether records of this size can be written without a rotation, which could have to wait.</summary>
    public bool MayWriteWithoutRotation(int bytes)
    {
        if (_inGate == 0)
        {
            return true;
        }

        WalStatus status = Wal!.Status;
        long waiting = 0;
        for (int i = _firstOfLife; i < Oracle.Attempts.Count; i++)
        {
            Attempt attempt = Oracle.Attempts[i];
            bool isWaiting = attempt.Fate is not (Fate.Never or Fate.Gone)
                && (attempt.LastLsn == 0 || attempt.LastLsn > status.WrittenLsn.Value);
            waiting += isWaiting ? attempt.Bytes + 64 : 0;
        }

        bool isDense = status.WrittenLsn.Value + 1 >= _firstLsnOfLife;
        return isDense && !Profile.JumpsClock
            && _activeOffset + waiting + (bytes * 2) + SlackBytes < Log.Options.SegmentTargetBytes;
    }

    public void Add(PendingCall call) => _calls.Add(call);

    public PendingCall? AnyCancellable() =>
        _calls.Find(call => call.Cancellation is { IsCancellationRequested: false });

    /// <summary>Opens the log, perhaps in several attempts, and checks all of it.</summary>
    public void EnsureOpen(ulong replayAfter)
    {
        for (int attempt = 1; Wal is null; attempt++)
        {
            Oracle.Require(attempt < 12, "the log does not open: " + string.Join(" | ", History.TakeLast(12)));
            if (attempt > 4)
            {
                Disarm();
                Disk.CapacityBytes = null;
            }

            TryOpen(replayAfter, attempt);
        }
    }

    /// <summary>Stops the machine, by a kill or a power cut.</summary>
    public void Crash(bool isPowerCut)
    {
        Wal = null;
        _latched = false;
        _calls.Clear();
        (_depth, _inGate) = (0, 0);
        if (isPowerCut)
        {
            PowerCuts++;
            Log.PowerCut();
            _syncFailed = false;
        }
        else
        {
            Kills++;
            Log.Kill();
        }

        Oracle.Crash(isPowerCut);
    }

    /// <summary>A fault has stopped the machine: says how.</summary>
    public void CrashIfStopped()
    {
        if (Disk.IsCrashed)
        {
            bool isPowerCut = !Random.OneIn(3);
            Note(isPowerCut ? "the power is gone" : "the process is killed");
            Crash(isPowerCut);
        }
    }

    /// <summary>The kernel drops the clean pages.</summary>
    public void DropCaches()
    {
        if (_syncFailed)
        {
            Oracle.VoidWritten();
        }

        Disk.DropCaches();
    }

    /// <summary>Runs the log's own work and takes the results of calls that have ended.</summary>
    public void Pump()
    {
        try
        {
            Log.Work.RunAll();
        }
        catch (SimulatedCrashException) when (Disk.IsCrashed)
        {
        }
    }

    /// <summary>Runs the log's own work until a task has ended.</summary>
    /// <returns>Whether it ended before the machine stopped.</returns>
    public bool PumpUntil(Task task)
    {
        Pump();
        Oracle.Require(
            task.IsCompleted || Disk.IsCrashed,
            $"nobody works, and yet a call has not ended; work: [{string.Join(", ", Log.Work.Pending)}]");
        return !Disk.IsCrashed;
    }

    /// <summary>After an operation: takes results, and checks the status.</summary>
    public void Settle(bool hasRunAll)
    {
        Oracle.Require(_violation is null, _violation ?? "");
        CrashIfStopped();
        if (Wal is null)
        {
            return;
        }

        Oracle.WasFull |= Wal.Status.State == WalState.Full;
        SettleCalls();
        Oracle.Observe(Wal.Status);
        if (hasRunAll && _calls.Find(call => !call.IsPatient) is { } stuck)
        {
            throw new BrokenPromiseException($"nobody works, and yet this waits: {stuck.Name}");
        }
    }

    public void SettleCalls()
    {
        for (int i = 0; i < _calls.Count;)
        {
            if (_calls[i] is not { IsCompleted: true } call)
            {
                i++;
                continue;
            }

            _calls.RemoveAt(i);
            call.Finish(this);
        }
    }

    /// <summary>Closes the log.</summary>
    public void Close()
    {
        Wal wal = Wal!;
        bool owed = Oracle.OwesDropReport;
        Task closing = wal.CloseAsync().AsTask();
        if (!PumpUntil(closing))
        {
            _ = closing.Exception;
            CrashIfStopped();
            return;
        }

        SettleCalls();
        Oracle.Require(_calls.Count == 0, $"closed, and yet this waits: {_calls.FirstOrDefault()?.Name}");
        Exception? failure = closing.Exception?.InnerException;
        Note(failure is null ? "closed" : $"close: {failure.GetType().Name}");
        Oracle.Require(failure is null or WalException, $"close threw {failure}");
        if (failure is null)
        {
            Oracle.Require(!owed, "buffered records were dropped, and the close says nothing");
            Oracle.Observe(wal.Status);
            Oracle.Close();
        }

        Oracle.Crash(isPowerCut: false);
        (Wal, _latched) = (null, false);
        Log.Work.RunAll();
    }

    /// <summary>Reads everything, without faults.</summary>
    public List<WalTransaction> ReadAll(Wal wal, WalReadOptions options = default)
    {
        bool wasQuiet = _quiet;
        _quiet = true;
        try
        {
            return Collect(wal, options);
        }
        finally
        {
            _quiet = wasQuiet;
        }
    }

    public static List<WalTransaction> Collect(Wal wal, WalReadOptions options)
    {
        var found = new List<WalTransaction>(64);
        IAsyncEnumerator<WalTransaction> reader = wal.ReadAsync(options).GetAsyncEnumerator();
        while (Step(reader))
        {
            found.Add(reader.Current);
        }

        return found;
    }

    /// <summary>A reader that does not follow never waits.</summary>
    public static bool Step(IAsyncEnumerator<WalTransaction> reader)
    {
        ValueTask<bool> next = reader.MoveNextAsync();
        return next.IsCompleted
            ? next.GetAwaiter().GetResult()
            : throw new BrokenPromiseException("a reader waits that was not asked to follow");
    }

    public SimulationTotals Totals() => new()
    {
        Seeds = 1,
        Transactions = Oracle.Attempts.Count,
        Recoveries = Recoveries,
        FailedOpens = FailedOpens,
        Kills = Kills,
        PowerCuts = PowerCuts,
        Faults = Faults,
        DiskCalls = Disk.Counters.OperationCount,
    };

    public void Dispose() => _meters.Dispose();

    public void Appended(ulong lsn) => LastAppended = Math.Max(LastAppended, lsn);

    public static bool IsSegment(string name) => name.EndsWith(".wal", StringComparison.Ordinal);

    private void TryOpen(ulong replayAfter, int attempt)
    {
        Log.Options.ReplayAfter = new Lsn(replayAfter);
        Oracle.Fence(replayAfter);
        SimulatedDisk? before = Profile.ChecksIdempotence && attempt == 1 ? Disk.Clone() : null;
        int faults = Faults;
        try
        {
            _meters.Dispose();
            Wal wal = WalOpener.Open(Log.Options, Log.CreateEnvironment() with { MeterFactory = _meters });
            Note($"open: {wal.Recovery.Verdict}, last {wal.Recovery.LastLsn}, next {wal.Status.NextLsn}, "
                + $"torn {wal.Recovery.TornBytes}");
            List<WalTransaction> found = ReadAll(wal);
            Oracle.Open(found, wal.Status, replayAfter);
            Wal = wal;
            Recoveries++;
            _firstOfLife = Oracle.Attempts.Count;
            _firstLsnOfLife = wal.Status.NextLsn.Value;
            _syncFailed = false;
            LastAppended = wal.Status.DurableLsn.Value;
            FindEnd();
            if (before is not null && faults == Faults)
            {
                Idempotence.Check(before, found, this);
            }
        }
        catch (Exception failure) when (failure is SimulatedCrashException or StorageException or WalFullException)
        {
            FailedOpens++;
            Note($"open: {failure.GetType().Name}: {failure.Message}");
            Oracle.Require(
                failure is not StorageException || Faults > faults || Disk.CapacityBytes is not null,
                $"open failed without a fault: {failure.Message}");
            CrashIfStopped();
            Log.Work.Clear();
        }
    }

}
