using LoraWal.Segments;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Fuzz;

/// <summary>What fuzzing has found, each by a test of its own.</summary>
public class FoundTests
{
    // Opened without a complaint, and every read threw ArgumentOutOfRangeException.
    [Theory]
    [InlineData(SegmentHeader.EarliestCreated - 1)]
    [InlineData(SegmentHeader.LatestCreated + 1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_segment_from_an_impossible_time_is_corrupt(long created)
    {
        TestLog log = WithCreated(created);

        WalCorruptException refused = Assert.Throws<WalCorruptException>(log.Open);

        Assert.EndsWith(SegmentName.Of(1), refused.Path, StringComparison.Ordinal);
        Assert.Contains($"{created} ms since 1970", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SegmentHeader.EarliestCreated)]
    [InlineData(SegmentHeader.LatestCreated)]
    public void A_segment_from_the_first_or_the_last_possible_time_can_be_read(long created) =>
        Assert.Empty(WithCreated(created).ReopenAndRead());

    // The greatest fence made a log whose first record got LSN 0, and that no one could open again.
    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData((1UL << 62) + 1)]
    public void A_fence_that_leaves_no_lsns_above_it_is_refused(ulong fence)
    {
        TestLog log = new() { Options = { ReplayAfter = new Lsn(fence) } };

        ArgumentException refused = Assert.ThrowsAny<ArgumentException>(
            () => Wal.Open(log.Options, log.CreateEnvironment()));

        Assert.Contains(nameof(WalOptions.ReplayAfter), refused.Message, StringComparison.Ordinal);
        Assert.Empty(log.Disk.Names);
    }

    [Fact]
    public void The_greatest_fence_makes_a_log_that_can_be_written_and_opened_again()
    {
        TestLog log = new() { Options = { ReplayAfter = new Lsn(1UL << 62) } };

        Assert.Equal(new Lsn((1UL << 62) + 1), log.Open().Append([1]));

        log.Kill();
        Assert.Single(log.ReopenAndRead());
    }

    [Fact]
    public void A_segment_whose_lsns_would_go_over_into_0_is_corrupt()
    {
        TestLog log = With(header => header with { PreviousLastLsn = 1UL << 63, BaseLsn = ulong.MaxValue });

        Assert.Contains("base LSN", Assert.Throws<WalCorruptException>(log.Open).Message, StringComparison.Ordinal);
    }

    private static TestLog WithCreated(long created) => With(header => header with { Created = created });

    private static TestLog With(Func<SegmentHeader, SegmentHeader> change)
    {
        TestLog log = new();
        log.Open();
        log.Kill();
        string name = SegmentName.Of(1);
        byte[] bytes = log.Disk.ReadAll(name);
        SegmentHeader.Decode(bytes, out _, out SegmentHeader? header);
        change(header!).Encode(bytes);
        log.Disk.Damage.WriteAll(name, bytes);
        return log;
    }
}
