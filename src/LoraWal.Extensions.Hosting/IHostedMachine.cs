namespace LoraWal.Extensions.Hosting;

/// <summary>A state machine as its host sees it, whatever its type.</summary>
internal interface IHostedMachine
{
    /// <summary>Where it stands; null before it is open.</summary>
    WalStateMachineStatus? Status { get; }

    /// <summary>Brings the state back. Nothing is followed yet.</summary>
    ValueTask OpenAsync(Wal wal, Action<double> progress, CancellationToken cancellationToken);

    /// <summary>Follows the log from now on.</summary>
    void Start();

    /// <summary>The log is switched off: records are applied in memory, and kept nowhere.</summary>
    void StartWithoutLog();

    /// <summary>Takes the last snapshot, if its options want one, and stops following.</summary>
    ValueTask StopAsync(CancellationToken cancellationToken);
}
