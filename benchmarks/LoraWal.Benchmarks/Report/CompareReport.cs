using System.Text.Json;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Report;

/// <summary>All that one run has measured; what the JSON file holds.</summary>
internal sealed record CompareReport(
    Machine Machine, DateTimeOffset When, bool IsQuick, int Rounds, double SecondsEach, double TookSeconds,
    IReadOnlyList<Participant> Participants, IReadOnlyList<Row> Rows)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static CompareReport Load(string path) =>
        JsonSerializer.Deserialize<CompareReport>(File.ReadAllText(path), Json)
        ?? throw new InvalidDataException($"{path} holds no report.");

    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");

    public Row? Find(string workload, string contender) =>
        Rows.FirstOrDefault(row => row.Workload == workload && row.Contender == contender && row.Absent is null);

    /// <summary>The median of a value; null if it was not measured.</summary>
    public double? Value(string workload, string contender, string value = "rate") =>
        Find(workload, contender)?.Values.GetValueOrDefault(value)?.Median;

    /// <summary>The peer that was best at it.</summary>
    public Row? BestPeer(string workload, bool lowerIsBetter = false, string value = "rate") =>
        Rows.Where(row => row.Workload == workload && row.Absent is null && row.Values.ContainsKey(value)
                && Contenders.IsPeer(row.Contender))
            .OrderBy(row => row.Values[value].Median * (lowerIsBetter ? 1 : -1))
            .FirstOrDefault();
}

internal sealed record Participant(string Name, ContenderFacts Facts);

/// <summary>One contender at one workload.</summary>
/// <param name="Absent">Why nothing was measured; null if it was.</param>
internal sealed record Row(
    string Workload, string Group, string Title, string Contender, string? Absent,
    IReadOnlyDictionary<string, Spread> Values);

internal sealed record Spread(double Median, double Min, double Max)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}
