using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using Microsoft.Extensions.Logging;

namespace LoraWal.Tests.Machines;

/// <summary>Verbs for tests of machines in a simulated world.</summary>
internal static class MachineVerbs
{
    public static WalStateMachine<FoldMachine> Start(
        this TestLog log,
        Wal wal,
        FoldMachine machine,
        SnapshotOptions? options = null,
        string name = "default") =>
        log.Finish(WalStateMachine.OpenAsync(wal, machine, options ?? new SnapshotOptions(), name));

    /// <summary>Executes records with these numbers.</summary>
    public static void ExecuteMany(
        this TestLog log, WalStateMachine<FoldMachine> machine, int first, int last, int size = 20)
    {
        for (int number = first; number <= last; number++)
        {
            Assert.Equal(
                new Lsn((ulong)number),
                log.Finish(machine.ExecuteAsync(LogVerbs.Payload(number, size), (ushort)number)));
        }
    }

    public static Lsn Checkpoint(this TestLog log, WalStateMachine<FoldMachine> machine) =>
        log.Finish(machine.CheckpointAsync());

    public static void Stop(this TestLog log, WalStateMachine<FoldMachine> machine) =>
        log.Finish(machine.DisposeAsync());

    /// <summary>The fold over records with these numbers.</summary>
    public static (long Count, ulong Hash) Fold(int last, int size = 20)
    {
        TestLog log = new();
        FoldMachine machine = new();
        using Wal wal = log.OpenBeside();
        wal.AppendMany(1, last, size);
        return FoldMachine.FoldOf(wal.ReadAsync(new WalReadOptions(IncludeNotDurable: true)).ToBlockingEnumerable());
    }

    /// <summary>The same log with threads of its own, so that it can be closed without help.</summary>
    public static Wal OpenBeside(this TestLog log) => WalOpener.Open(
        log.Options, log.CreateEnvironment() with { Work = LoraWal.Log.ThreadWorkScheduler.Instance });

    public static string[] Snapshots(this TestLog log) =>
        [.. log.Disk.Names.Where(name => name.StartsWith("snapshot", StringComparison.Ordinal)).Order()];
}

/// <summary>Keeps what is logged.</summary>
internal sealed class ListLogger : ILoggerFactory, ILogger
{
    private readonly Lock _lock = new();
    private readonly List<(int Id, LogLevel Level, string Text)> _entries = [];

    public IReadOnlyList<(int Id, LogLevel Level, string Text)> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries];
            }
        }
    }

    public int Count(int id) => Entries.Count(entry => entry.Id == id);

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
        Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            _entries.Add((eventId.Id, logLevel, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
    }
}
