namespace LoraWal;

/// <summary>Checks options once, when a log is opened.</summary>
internal static class WalOptionsCheck
{
    // Half of what a segment's header may say: as many records fit above it as no log will see.
    private const ulong GreatestFence = 1UL << 62;

    /// <summary>Throws for the first setting that is out of its range; names it, its value and the range.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public static void ThrowIfInvalid(WalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach ((string name, object? value, string range) in Violations(options))
        {
            throw new ArgumentException(
                $"{nameof(WalOptions)}.{name} is '{value}'; it must be {range}.", nameof(options));
        }
    }

    /// <summary>Every setting that is out of its range.</summary>
    public static IEnumerable<(string Name, object? Value, string Range)> Violations(WalOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Directory))
        {
            yield return (nameof(options.Directory), options.Directory, "the path of the log's directory");
        }

        if (string.IsNullOrWhiteSpace(options.Name))
        {
            yield return (nameof(options.Name), options.Name, "a name");
        }

        if (!Enum.IsDefined(options.SyncMode))
        {
            yield return (nameof(options.SyncMode), options.SyncMode, "GroupSync, PerCommit or None");
        }

        if (!Enum.IsDefined(options.TornTail))
        {
            yield return (nameof(options.TornTail), options.TornTail, "SetAside or Refuse");
        }

        if (options.GroupSyncInterval < TimeSpan.FromMilliseconds(1)
            || options.GroupSyncInterval > TimeSpan.FromMinutes(1))
        {
            yield return (
                nameof(options.GroupSyncInterval), options.GroupSyncInterval, "from 00:00:00.0010000 to 00:01:00");
        }

        if (options.RecordTypes is null)
        {
            yield return (nameof(options.RecordTypes), null, "a registry; an empty one for raw payloads alone");
        }

        if (options.ReplayAfter.Value > GreatestFence)
        {
            yield return (
                nameof(options.ReplayAfter),
                options.ReplayAfter,
                $"up to {GreatestFence} (2^62): new records get LSNs above it");
        }

        foreach ((string name, object? value, string range) in SizeViolations(options))
        {
            yield return (name, value, range);
        }
    }

    private static IEnumerable<(string Name, object? Value, string Range)> SizeViolations(WalOptions options)
    {
        const long Smallest = WalOptions.MinSegmentTargetBytes;
        const long Greatest = WalOptions.MaxSegmentTargetBytes;
        const string GiB = "1073741824 (1 GiB)";

        if (options.SegmentTargetBytes is < Smallest or > Greatest)
        {
            yield return (
                nameof(options.SegmentTargetBytes), options.SegmentTargetBytes, $"from {Smallest} (64 KiB) to {GiB}");
        }

        if (options.MaxTransactionBytes is < 1 or > Greatest)
        {
            yield return (nameof(options.MaxTransactionBytes), options.MaxTransactionBytes, $"from 1 to {GiB}");
        }

        if (options.MaxPendingBytes < options.MaxTransactionBytes || options.MaxPendingBytes > Greatest)
        {
            yield return (
                nameof(options.MaxPendingBytes),
                options.MaxPendingBytes,
                $"from {nameof(options.MaxTransactionBytes)} ({options.MaxTransactionBytes}) to {GiB}");
        }

        if (options.MaxLogBytes != 0 && options.MaxLogBytes / 2 < options.SegmentTargetBytes)
        {
            yield return (
                nameof(options.MaxLogBytes),
                options.MaxLogBytes,
                $"0 (no limit), or at least twice SegmentTargetBytes ({options.SegmentTargetBytes})");
        }
    }
}
