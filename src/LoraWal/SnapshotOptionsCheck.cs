namespace LoraWal;

/// <summary>Checks the settings of a state machine.</summary>
internal static class SnapshotOptionsCheck
{
    public const int KeyBytes = 32;

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(30);

    /// <summary>Throws for the first setting that is out of its range.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public static void ThrowIfInvalid(SnapshotOptions options)
    {
        foreach ((string name, object? value, string range) in Violations(options))
        {
            throw new ArgumentException(
                $"{nameof(SnapshotOptions)}.{name} is '{value}'; it must be {range}.", nameof(options));
        }
    }

    /// <summary>Every setting that is out of its range.</summary>
    public static IEnumerable<(string Name, object? Value, string Range)> Violations(SnapshotOptions options)
    {
        if (options.EveryCommits < 0)
        {
            yield return (nameof(options.EveryCommits), options.EveryCommits, "0 (never) or more");
        }

        if (options.EveryBytes < 0)
        {
            yield return (nameof(options.EveryBytes), options.EveryBytes, "0 (never) or more");
        }

        if (options.Interval != TimeSpan.Zero
            && (options.Interval < ShortestInterval || options.Interval > LongestInterval))
        {
            yield return (
                nameof(options.Interval),
                options.Interval,
                $"00:00:00 (never), or from {ShortestInterval} to {LongestInterval}");
        }

        if (options.Keep is < 1 or > 100)
        {
            yield return (nameof(options.Keep), options.Keep, "from 1 to 100");
        }

        if (!Enum.IsDefined(options.ApplyWhen))
        {
            yield return (nameof(options.ApplyWhen), options.ApplyWhen, "Written or Durable");
        }

        if (!Enum.IsDefined(options.Compression))
        {
            yield return (nameof(options.Compression), options.Compression, "None or Brotli");
        }

        if (options.EncryptionKey.Length is not (0 or KeyBytes))
        {
            yield return (
                nameof(options.EncryptionKey), $"{options.EncryptionKey.Length} bytes long", $"{KeyBytes} bytes");
        }
    }
}
