namespace LoraWal.Benchmarks.Workloads;

/// <summary>How long to measure.</summary>
internal sealed record Plan(bool IsQuick, TimeSpan Time, TimeSpan WarmUp, int Rounds, int ReadingRounds)
{
    public static Plan Quick { get; } = new(true, TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.05), 2, 1);

    public static Plan Full { get; } = new(false, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(0.08), 3, 3);
}
