using LoraWal.TestSupport;

namespace LoraWal.Simulation;

// The half that the disk calls: faults, and what other threads do in the middle of a call.
internal sealed partial class CrashWorld
{
    /// <summary>Takes what to say of a log that goes on for ever, and does not return: whatever is thrown here, the log
    /// catches.</summary>
    public static Action<string> GiveUp { get; set; } = Environment.FailFast;

    private void FindEnd()
    {
        _activeName = Disk.Names.Last(IsSegment);
        _activeOffset = Disk.EndOfContent(_activeName) + 7;
    }

    private FaultAction Decide(DiskOperation operation)
    {
        if (_quiet)
        {
            return FaultAction.None;
        }

        if (_latched && operation.Kind == DiskOperationKind.Sync && IsSegment(operation.Name))
        {
            _violation ??= $"a sync after a failed sync: {operation}";
            if (++_violations > MostViolations)
            {
                GiveUp($"{Profile}: {_violation}, again and again");
            }
        }

        FaultAction action = FaultAction.None;
        for (int i = _armed.Count - 1; i >= 0; i--)
        {
            if (_armed[i].Fires(operation) && ReferenceEquals(action, FaultAction.None))
            {
                action = _armed[i].Action;
                _armed.RemoveAt(i);
            }
        }

        if (!ReferenceEquals(action, FaultAction.None))
        {
            Faults++;
            object detail = action.Kind == FaultKind.Crash ? action.Phase : action.Errno;
            Note($"fault: {action.Kind} {detail} at {operation}");
            if (action.Kind == FaultKind.FailSync && IsSegment(operation.Name))
            {
                _syncFailed = true;
                _latched |= Wal is not null;
                if (action.SyncFailure == SyncFailure.RevertCache)
                {
                    Oracle.VoidWritten();
                }
            }
        }
        else if (_syncFailed && Random.OneIn(64))
        {
            Faults++;
            Note($"the kernel drops clean pages before {operation}");
            DropCaches();
        }

        Interrupt(operation);
        return action;
    }

    private void AfterCall(DiskOperation operation)
    {
        if (operation is { Kind: DiskOperationKind.Rename, NewName: { } name } && IsSegment(name))
        {
            (_activeName, _activeOffset) = (name, 4096);
        }
        else if (operation.Kind == DiskOperationKind.Write && operation.Name == _activeName)
        {
            _activeOffset = Math.Max(_activeOffset, operation.Offset + operation.Length);
        }

        if (!_quiet)
        {
            Interrupt(operation);
        }
    }

    // What other threads do in the middle of a call to the disk.
    private void Interrupt(DiskOperation operation)
    {
        if (Wal is null || _depth >= 2 || !operation.IsMutation || !Random.OneIn(Profile.InterruptOneIn))
        {
            return;
        }

        bool holdsGate = operation.Kind == DiskOperationKind.Sync
            || operation.Name.EndsWith(".tmp", StringComparison.Ordinal);
        _depth++;
        _inGate += holdsGate ? 1 : 0;
        Note($"in the middle of {operation}:");
        try
        {
            Interruptions.Do(this);
            SettleCalls();
        }
        finally
        {
            _inGate -= holdsGate ? 1 : 0;
            _depth--;
        }

        if (Disk.IsCrashed)
        {
            throw new SimulatedCrashException("The machine has stopped meanwhile.");
        }
    }

    /// <summary>A fault that waits for its call.</summary>
    private sealed class ArmedFault(Func<DiskOperation, bool> matches, FaultAction action, int nth)
    {
        private int _left = nth;

        public FaultAction Action => action;

        public bool Fires(DiskOperation operation) => matches(operation) && --_left <= 0;
    }
}
