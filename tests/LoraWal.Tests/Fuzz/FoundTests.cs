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

    private static TestLog WithCreated(long created)
    {
        TestLog log = new();
        log.Open();
        log.Kill();
        string name = SegmentName.Of(1);
        byte[] bytes = log.Disk.ReadAll(name);
        SegmentHeader.Decode(bytes, out _, out SegmentHeader? header);
        (header! with { Created = created }).Encode(bytes);
        log.Disk.Damage.WriteAll(name, bytes);
        return log;
    }
}
