using LoraWal.Log;

namespace LoraWal.Tests.Log;

/// <summary>Every log of up to four segments, and every mix of limits around its sizes, against the rule said in
/// another way.</summary>
public class RetentionRuleTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_least_prefix_goes_that_brings_the_log_within_every_limit()
    {
        int decisions = 0;
        foreach (RetainedLog log in Logs())
        {
            foreach (WalRetentionOptions limits in Limits())
            {
                ulong fence = RetentionRule.FenceOf(log, limits, Now);

                int gone = log.Sealed.TakeWhile(segment => segment.LastLsn <= fence).Count();
                Assert.Equal(gone == 0 ? 0 : log.Sealed[gone - 1].LastLsn, fence);
                Assert.True(gone == log.Sealed.Count || IsWithin(log, gone, limits), "Too little goes.");
                Assert.True(gone == 0 || !IsWithin(log, gone - 1, limits), "Too much goes.");
                decisions++;
            }
        }

        Assert.True(decisions > 10_000, $"{decisions} decisions");
    }

    [Fact]
    public void Without_limits_everything_stays() => Assert.All(
        Logs(), log => Assert.Equal(0UL, RetentionRule.FenceOf(log, new WalRetentionOptions(), Now)));

    [Fact]
    public void A_segment_as_old_as_the_limit_stays_and_one_tick_later_it_goes()
    {
        RetainedLog log = new([new RetainedSegment(10, 10, 100, Now)], 0, 100);
        WalRetentionOptions limits = new() { MaxAge = TimeSpan.FromHours(1) };

        Assert.Equal(0UL, RetentionRule.FenceOf(log, limits, Now.AddHours(1)));
        Assert.Equal(10UL, RetentionRule.FenceOf(log, limits, Now.AddHours(1).AddTicks(1)));
    }

    [Fact]
    public void A_segment_from_the_future_is_not_old() => Assert.Equal(0UL, RetentionRule.FenceOf(
        new RetainedLog([new RetainedSegment(10, 10, 100, Now.AddYears(10))], 0, 100),
        new WalRetentionOptions { MaxAge = TimeSpan.FromTicks(1) },
        Now));

    // Within the limits, as it would be explained: what is left, counted anew.
    private static bool IsWithin(RetainedLog log, int gone, WalRetentionOptions limits)
    {
        RetainedSegment[] left = [.. log.Sealed.Skip(gone)];
        return (limits.MaxRecords == 0 || left.Sum(s => s.Records) + log.ActiveRecords <= limits.MaxRecords)
            && (limits.MaxBytes == 0 || left.Sum(s => s.Bytes) + log.ActiveBytes <= limits.MaxBytes)
            && (limits.MaxAge == TimeSpan.Zero || left.All(s => Now - s.NewestAtMost <= limits.MaxAge));
    }

    // Ages only ever fall towards the newest segment: the catalog sees to that.
    private static IEnumerable<RetainedLog> Logs()
    {
        long[] sizes = [0, 1, 3];
        for (int count = 0; count <= 3; count++)
        {
            for (int shape = 0; shape < Math.Pow(sizes.Length, count); shape++)
            {
                for (int step = 0; step <= 2; step++)
                {
                    List<RetainedSegment> segments = [];
                    ulong last = 5;
                    for ((int i, int rest) = (0, shape); i < count; i++, rest /= sizes.Length)
                    {
                        long records = sizes[rest % sizes.Length];
                        last += (ulong)records + 1; // a jump of the fence: LSNs are no measure of records
                        segments.Add(new RetainedSegment(
                            last, records, 2 + i, Now.AddMinutes(-step * (count - i))));
                    }

                    yield return new RetainedLog(segments, 1, 2);
                }
            }
        }
    }

    private static IEnumerable<WalRetentionOptions> Limits() =>
        from records in new[] { 0, 1, 2, 4, 7, 10 }
        from bytes in new[] { 0, 1, 2, 4, 7, 11 }
        from minutes in new[] { 0, 1, 2, 3, 6 }
        select new WalRetentionOptions
        {
            MaxRecords = records,
            MaxBytes = bytes,
            MaxAge = TimeSpan.FromMinutes(minutes),
        };
}
