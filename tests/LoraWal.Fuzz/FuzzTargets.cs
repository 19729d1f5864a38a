using System.Diagnostics.CodeAnalysis;

namespace LoraWal.Fuzz;

/// <summary>What a fuzzer can aim at. A target returns, or throws <see cref="FuzzFailure"/>, or whatever the log should
/// not have thrown.</summary>
internal static class FuzzTargets
{
    private static readonly Dictionary<string, Action<byte[]>> All = new()
    {
        ["frame"] = FrameTarget.Run,
        ["scan"] = ScanTarget.Run,
        ["open"] = OpenTarget.Run,
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    public static bool TryFind(string name, [NotNullWhen(true)] out Action<byte[]>? target) =>
        All.TryGetValue(name, out target);

    /// <summary>Fails unless a condition holds.</summary>
    public static void Check(bool condition, string problem)
    {
        if (!condition)
        {
            throw new FuzzFailure(problem);
        }
    }
}

/// <summary>A promise that an input has broken.</summary>
internal sealed class FuzzFailure(string message) : Exception(message);
