namespace LoraWal.TestSupport;

/// <summary>One call in progress. Holds the disk's lock from its making to its disposal, gates excepted.</summary>
internal readonly ref struct DiskCall(
    DiskBus bus, SimulatedStorage process, DiskOperation operation, FaultAction action)
{
    private readonly DiskBus _bus = bus;
    private readonly SimulatedStorage _process = process;
    private readonly DiskOperation _operation = operation;

    public FaultAction Action { get; } = action;

    /// <summary>Whether the crash falls into the middle of this call.</summary>
    public bool CrashesMid => Action is { Kind: FaultKind.Crash, Phase: CrashPhase.Mid };

    /// <summary>Waits at the gate, if there is one; then the crash before the effect, or the plain error.</summary>
    public void Arrive(string call)
    {
        if (Action.GateBefore is { } gate)
        {
            _bus.Pass(gate, _process);
        }

        if (Action is { Kind: FaultKind.Crash, Phase: CrashPhase.Before })
        {
            Crash();
        }

        if (Action.Kind == FaultKind.Fail)
        {
            throw Action.ToException(call, _process.PathOf(_operation.Name));
        }
    }

    /// <summary>The effect is there: counts it, waits at the second gate, crashes after the effect.</summary>
    public void Finish(int bytes = 0)
    {
        if (Action is { Kind: FaultKind.Crash })
        {
            Crash();
        }

        _bus.Counters.CompleteUnderLock(_operation, bytes);
        if (Action.GateAfter is { } gate)
        {
            _bus.Pass(gate, _process);
        }
    }

    /// <summary>Stops the machine.</summary>
    public void Crash()
    {
        _bus.EndLifeUnderLock(crashed: true);
        throw new SimulatedCrashException($"The machine stopped at {_operation}, {Action.Phase}.");
    }

    public void Dispose() => _bus.Lock.Exit();
}
