using System.Text.Json.Serialization;

namespace WorkerSample;

/// <summary>The answer to POST /events.</summary>
internal sealed record Accepted(ulong First, ulong Last, bool Durable);

/// <summary>The answer to GET /state.</summary>
internal sealed record StateReport(long Events, SortedDictionary<string, long> ByType, ulong LastLsn);

/// <summary>An error, as RFC 9457 has it.</summary>
internal sealed record Problem(int Status, string Title, string Detail)
{
    public int? Line { get; init; }

    public bool? OutcomeUnknown { get; init; }
}

/// <summary>A reading of the process's own load, as it goes into the log.</summary>
internal sealed record LoadReading(
    string Type, DateTimeOffset At, double CpuPercent, long WorkingSetBytes, long HeapBytes, double? LoadAverage);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Accepted))]
[JsonSerializable(typeof(StateReport))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(LoadReading))]
[JsonSerializable(typeof(WalReport))]
[JsonSerializable(typeof(SinkReport))]
[JsonSerializable(typeof(SnapshotTaken))]
internal sealed partial class SampleJson : JsonSerializerContext;
