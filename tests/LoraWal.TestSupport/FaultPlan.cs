namespace LoraWal.TestSupport;

/// <summary>Rules that decide which calls on the disk fail, and how. The first rule that fires wins.</summary>
/// <remarks>Hand <see cref="Decide"/> to <see cref="SimulatedDisk.Faults"/>.</remarks>
internal sealed class FaultPlan
{
    private readonly List<Rule> _rules = [];

    /// <summary>How many calls have been answered with a fault.</summary>
    public int Hits { get; private set; }

    /// <summary>Acts on the calls of one kind.</summary>
    /// <param name="kind">Which kind.</param>
    /// <param name="action">What happens to them.</param>
    /// <param name="nth">From the n-th matching call on, counted from 1.</param>
    /// <param name="name">End of the file's name; null: any file.</param>
    /// <param name="times">How often in a row.</param>
    public FaultPlan On(
        DiskOperationKind kind, FaultAction action, int nth = 1, string? name = null, int times = 1) =>
        When(
            operation => operation.Kind == kind
                && (name is null || operation.Name.EndsWith(name, StringComparison.Ordinal)),
            action,
            nth,
            times);

    /// <summary>Acts on the call with this index.</summary>
    public FaultPlan At(long index, FaultAction action) => When(operation => operation.Index == index, action);

    /// <summary>Stops the machine at the n-th call that changes the disk, counted from 1.</summary>
    public FaultPlan CrashAtMutation(int nth, CrashPhase phase) =>
        When(operation => operation.IsMutation, FaultAction.Crash(phase), nth);

    /// <summary>Acts on calls that match.</summary>
    public FaultPlan When(Func<DiskOperation, bool> matches, FaultAction action, int nth = 1, int times = 1)
    {
        _rules.Add(new Rule(matches, action, nth, times));
        return this;
    }

    /// <summary>What happens to this call.</summary>
    public FaultAction Decide(DiskOperation operation)
    {
        FaultAction decided = FaultAction.None;
        foreach (Rule rule in _rules)
        {
            // Every rule counts every call, so that rules do not shift one another.
            if (rule.Fires(operation) && ReferenceEquals(decided, FaultAction.None))
            {
                decided = rule.Action;
            }
        }

        Hits += ReferenceEquals(decided, FaultAction.None) ? 0 : 1;
        return decided;
    }

    private sealed class Rule(Func<DiskOperation, bool> matches, FaultAction action, int nth, int times)
    {
        private int _seen;

        public FaultAction Action => action;

        public bool Fires(DiskOperation operation)
        {
            if (!matches(operation))
            {
                return false;
            }

            _seen++;
            return _seen >= nth && _seen - nth < times;
        }
    }
}
