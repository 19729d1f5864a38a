namespace LoraWal.Extensions.Hosting;

/// <summary>The state machines of one log, in the order they were added.</summary>
internal sealed class LogMachines
{
    private readonly IHostedMachine[] _machines;

    private LogMachines(IHostedMachine[] machines) => _machines = machines;

    /// <summary>Where the machines stand that are open.</summary>
    public IEnumerable<WalStateMachineStatus> Status =>
        _machines.Select(machine => machine.Status).OfType<WalStateMachineStatus>();

    /// <summary>Finds the machines of a log.</summary>
    /// <exception cref="InvalidOperationException">Two have one name, or are one.</exception>
    public static LogMachines Resolve(IServiceProvider services, string key, string logName)
    {
        StateMachineRegistration[] registered =
            [.. Of<StateMachineRegistration>(services).Where(registration => registration.Key == key)];
        if (registered.GroupBy(registration => registration.Name).FirstOrDefault(Several) is { } name)
        {
            throw new InvalidOperationException(
                $"The log '{logName}' has {name.Count()} state machines named '{name.Key}'. Give each a name of its "
                + "own: its snapshots are named after it.");
        }

        if (registered.GroupBy(registration => registration.MachineType).FirstOrDefault(Several) is { } type)
        {
            throw new InvalidOperationException(
                $"The state machine {type.Key} is added to the log '{logName}' {type.Count()} times. Add it once: one "
                + "state cannot be in two places.");
        }

        return new LogMachines([.. registered.Select(registration => registration.Resolve(services))]);
    }

    /// <summary>Brings every state back, one after the other.</summary>
    public async ValueTask OpenAsync(HostedLog log, IOpenedWal opened, CancellationToken cancellationToken)
    {
        if (_machines.Length == 0)
        {
            return;
        }

        Wal wal = opened.Engine ?? throw new InvalidOperationException("State machines need a log of the engine.");
        for (int i = 0; i < _machines.Length; i++)
        {
            double before = i;
            await _machines[i].OpenAsync(
                wal,
                fraction => log.ReplayProgress = (before + fraction) / _machines.Length,
                cancellationToken).ConfigureAwait(false);
        }
    }

    public void Start() => Array.ForEach(_machines, machine => machine.Start());

    public void StartWithoutLog() => Array.ForEach(_machines, machine => machine.StartWithoutLog());

    /// <summary>Takes the last snapshots. The log is still open.</summary>
    public async ValueTask StopAsync(CancellationToken cancellationToken)
    {
        foreach (IHostedMachine machine in _machines)
        {
            await machine.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool Several<TKey, TItem>(IGrouping<TKey, TItem> group) => group.Skip(1).Any();

    private static IEnumerable<TService> Of<TService>(IServiceProvider services) =>
        (IEnumerable<TService>?)services.GetService(typeof(IEnumerable<TService>)) ?? [];
}
