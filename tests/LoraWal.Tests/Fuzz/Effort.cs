namespace LoraWal.Tests.Fuzz;

/// <summary>How long to look: <c>LORAWAL_DEEP=1</c> tries fifty times as many samples.</summary>
internal static class Effort
{
    private const int Deeper = 50;

    public static long Samples(long usual) =>
        Environment.GetEnvironmentVariable("LORAWAL_DEEP") is { Length: > 0 } deep && deep != "0"
            ? usual * Deeper
            : usual;
}
