using System.Globalization;

namespace LoraWal.Simulation;

/// <summary>What seeds have done, added up.</summary>
internal sealed class SimulationTotals
{
    public long Seeds { get; set; }

    /// <summary>Transactions handed to the log.</summary>
    public long Transactions { get; set; }

    /// <summary>Opens that ended with a log.</summary>
    public long Recoveries { get; set; }

    /// <summary>Opens that a fault or a crash ended.</summary>
    public long FailedOpens { get; set; }

    public long Kills { get; set; }

    public long PowerCuts { get; set; }

    /// <summary>Errors, lies and drops of the disk, crashes not included.</summary>
    public long Faults { get; set; }

    /// <summary>Calls to the simulated disk.</summary>
    public long DiskCalls { get; set; }

    public void Add(SimulationTotals other)
    {
        Seeds += other.Seeds;
        Transactions += other.Transactions;
        Recoveries += other.Recoveries;
        FailedOpens += other.FailedOpens;
        Kills += other.Kills;
        PowerCuts += other.PowerCuts;
        Faults += other.Faults;
        DiskCalls += other.DiskCalls;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Seeds:N0} seeds: {Transactions:N0} transactions, {Recoveries:N0} recoveries after {Kills:N0} kills and "
        + $"{PowerCuts:N0} power cuts, {FailedOpens:N0} opens that failed, {Faults:N0} faults, "
        + $"{DiskCalls:N0} calls to the disk");
}
