namespace LoraWal.TestSupport;

/// <summary>The way every call takes to the simulated disk: one at a time, numbered, past the fault hook.</summary>
internal sealed class DiskBus
{
    private readonly List<DiskGate> _occupied = [];

    public DiskBus() => Counters = new DiskCounters(Lock);

    public Lock Lock { get; } = new();

    public DiskCounters Counters { get; }

    public Func<DiskOperation, FaultAction>? Faults { get; set; }

    /// <summary>Number of the present life of the machine's processes; those of an earlier one are dead.</summary>
    public int Epoch { get; private set; }

    /// <summary>Whether a fault has stopped the machine, and nobody has said yet how.</summary>
    public bool IsCrashed { get; private set; }

    /// <summary>Takes the lock, numbers the call and asks the hook. Dispose of the result.</summary>
    public DiskCall Begin(
        SimulatedStorage process,
        DiskOperationKind kind,
        string name = "",
        string? newName = null,
        long offset = 0,
        int length = 0)
    {
        Lock.Enter();
        try
        {
            ThrowIfDead(process);
            DiskOperation operation = new(Counters.OperationCount, kind, name, newName, offset, length);
            FaultAction action = Faults?.Invoke(operation) ?? FaultAction.None;
            Counters.BeginUnderLock(operation);
            return new DiskCall(this, process, operation, action);
        }
        catch
        {
            Lock.Exit();
            throw;
        }
    }

    /// <summary>Every process of this life is dead from here on.</summary>
    public void EndLifeUnderLock(bool crashed)
    {
        Epoch++;
        IsCrashed = crashed;
        foreach (DiskGate gate in _occupied)
        {
            gate.Release();
        }
    }

    /// <summary>Waits at a gate, outside the lock.</summary>
    public void Pass(DiskGate gate, SimulatedStorage process)
    {
        _occupied.Add(gate);
        Lock.Exit();
        try
        {
            gate.Wait();
        }
        finally
        {
            Lock.Enter();
            _occupied.Remove(gate);
        }

        ThrowIfDead(process);
    }

    public void ThrowIfDead(SimulatedStorage process)
    {
        if (process.Epoch != Epoch)
        {
            throw new SimulatedCrashException("The simulated process is dead.");
        }
    }
}
