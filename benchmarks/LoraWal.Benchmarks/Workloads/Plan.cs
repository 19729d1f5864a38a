namespace LoraWal.Benchmarks.Workloads;

/// <summary>How long to measure.</summary>
internal sealed record Plan(bool IsQuick, TimeSpan Time, TimeSpan WarmUp, int Rounds)
{
    public static Plan Quick { get; } = new(true, TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.05), 2);

    public static Plan Full { get; } = new(false, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.1), 3);
}
