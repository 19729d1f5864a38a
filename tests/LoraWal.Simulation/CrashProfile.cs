using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>What one seed decides once, for all its operations.</summary>
/// <param name="Operations">Number of operations.</param>
/// <param name="Sizes">0: small records, 1: of several KiB, 2: also larger than a segment.</param>
/// <param name="InterruptOneIn">How often a call to the disk is interrupted by another call to the log.</param>
/// <param name="IsHealthy">Whether no fault but a crash strikes.</param>
/// <param name="JumpsClock">Whether the clock makes great leaps.</param>
/// <param name="ChecksIdempotence">Whether every recovery is done twice.</param>
/// <param name="EndsInDamage">Whether the disk is damaged at the end.</param>
internal sealed record CrashProfile(
    int Operations,
    int Sizes,
    int InterruptOneIn,
    bool IsHealthy,
    bool JumpsClock,
    bool ChecksIdempotence,
    bool EndsInDamage)
{
    public static CrashProfile Choose(SeededRandom random, WalOptions options)
    {
        ReadOnlySpan<SyncMode> modes = [SyncMode.PerCommit, SyncMode.GroupSync, SyncMode.GroupSync, SyncMode.None];
        options.SyncMode = modes[random.Next(modes.Length)];
        int sizes = random.Next(5) switch
        {
            0 or 1 => 0,
            2 or 3 => 1,
            _ => 2,
        };
        options.MaxTransactionBytes = sizes == 2 ? 256 * 1024 : 16 * 1024;
        options.MaxPendingBytes = options.MaxTransactionBytes + (random.OneIn(2) ? 0 : 256 * 1024);
        options.MaxLogBytes = random.OneIn(8) ? (2 + random.Next(3)) * options.SegmentTargetBytes : 0;
        return new CrashProfile(
            Operations: 8 + random.Next(56),
            Sizes: sizes,
            InterruptOneIn: random.Next(3) switch
            {
                0 => 1_000_000,
                1 => 16,
                _ => 3,
            },
            IsHealthy: random.OneIn(4),
            JumpsClock: random.OneIn(16),
            ChecksIdempotence: random.OneIn(8),
            EndsInDamage: random.OneIn(2));
    }

    /// <summary>Size of a record.</summary>
    public int Size(SeededRandom random) => random.Next(Sizes == 0 ? 6 : Sizes == 1 ? 12 : 14) switch
    {
        0 => 0,
        1 or 2 => random.Next(1, 64),
        3 => random.Next(440, 560),
        4 or 5 => 100,
        6 or 7 => random.Next(3900, 4200),
        8 or 9 => random.Next(1, 8192),
        10 or 11 => random.Next(8192, 16000),
        _ => random.Next(20_000, 150_000),
    };
}
