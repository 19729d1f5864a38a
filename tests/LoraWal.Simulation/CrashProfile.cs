using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>What one seed decides once, for all its operations.</summary>
/// <param name="Operations">Number of operations.</param>
/// <param name="Sizes">0: small records, 1: up to a page, 2: also larger than a segment.</param>
/// <param name="InterruptOneIn">How often a call to the disk is interrupted by another call to the log.</param>
/// <param name="IsHealthy">Whether no fault but a crash strikes.</param>
/// <param name="JumpsClock">Whether the clock makes great leaps.</param>
/// <param name="ChecksIdempotence">Whether every recovery is done twice.</param>
/// <param name="EndsTwice">Whether what the last recovery showed has to survive one more power cut.</param>
/// <param name="EndsInDamage">Whether the disk is damaged at the end.</param>
internal sealed record CrashProfile(
    int Operations,
    int Sizes,
    int InterruptOneIn,
    bool IsHealthy,
    bool JumpsClock,
    bool ChecksIdempotence,
    bool EndsTwice,
    bool EndsInDamage)
{
    private const int Page = 4096;

    public static CrashProfile Choose(SeededRandom random, WalOptions options)
    {
        ReadOnlySpan<SyncMode> modes = [SyncMode.PerCommit, SyncMode.GroupSync, SyncMode.GroupSync, SyncMode.None];
        options.SyncMode = modes[random.Next(modes.Length)];
        ReadOnlySpan<int> pages = [3, 4, 4, 5, 8];
        options.SegmentTargetBytes = Page * (random.OneIn(16) ? 16 : pages[random.Next(pages.Length)]);
        int sizes = random.Next(5) switch
        {
            0 or 1 => 0,
            2 or 3 => 1,
            _ => 2,
        };
        options.MaxTransactionBytes = (sizes == 2 ? 12 : 2) * Page;
        options.MaxPendingBytes = options.MaxTransactionBytes + (random.OneIn(2) ? 0 : 16 * Page);
        options.MaxLogBytes = random.OneIn(8) ? (3 + random.Next(3)) * options.SegmentTargetBytes : 0;
        return new CrashProfile(
            Operations: random.OneIn(8) ? 8 + random.Next(100) : 3 + random.Next(12),
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
            EndsTwice: random.OneIn(2),
            EndsInDamage: random.OneIn(2));
    }

    /// <summary>Size of a record.</summary>
    public int Size(SeededRandom random) => random.Next(Sizes == 0 ? 24 : Sizes == 1 ? 36 : 38) switch
    {
        < 4 => 0,
        < 12 => random.Next(1, 64),
        < 16 => random.Next(440, 560),
        < 24 => 100,
        < 26 => random.Next(Page - 200, Page + 100),
        < 34 => random.Next(1, 1500),
        < 36 => random.Next(1500, Page),
        _ => random.Next(Page, 10 * Page),
    };
}
