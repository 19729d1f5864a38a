using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Reading;

/// <summary>The writer goes on between two calls of whoever looks: rotates, truncates, closes.</summary>
public class InterleavedTests
{
    [Fact]
    public void A_reader_that_is_overtaken_yields_a_durable_run_or_says_what_was_truncated() =>
        Sweep((log, wal) =>
        {
            try
            {
                List<string> found = log.Reader().Read();
                int first = NumberOf(found[0]);
                Assert.Equal(Numbered(first, NumberOf(found[^1]), 1000), found);
                Assert.True((ulong)NumberOf(found[^1]) <= wal.Status.DurableLsn.Value);
            }
            catch (WalTruncatedException told)
            {
                Assert.True(told.Oldest <= wal.Status.OldestLsn, $"{told.Oldest} {wal.Status.OldestLsn}");
            }
        });

    [Fact]
    public void An_inspection_that_is_overtaken_raises_no_false_alarm() =>
        Sweep((log, wal) =>
        {
            WalInspection found = log.Reader().Inspect();
            Assert.Null(found.Problem);
            Assert.Equal(TailVerdict.Unclean, found.Verdict);
            Assert.True(found.DurableLsn <= wal.Status.DurableLsn);
        });

    [Fact]
    public void An_inspection_beside_a_single_append_does_not_take_its_record_for_a_torn_end() =>
        Sweep(
            (log, _) => Assert.Equal(TailVerdict.Unclean, log.Reader().Inspect().Verdict),
            (_, wal) => wal.AppendMany(121, 121, 1000));

    [Fact]
    public void A_verification_that_is_overtaken_raises_no_false_alarm() =>
        Sweep((log, _) => Assert.Empty(log.Reader().Verify().Problems));

    private static void Sweep(Action<TestLog, Wal> look) => Sweep(look, static (log, wal) =>
    {
        wal.AppendMany(121, 280, 1000); // two or three rotations
        log.Finish(wal.TruncateAsync(new Lsn(200)));
    });

    private static void Sweep(Action<TestLog, Wal> look, Action<TestLog, Wal> overtake)
    {
        for (int nth = 1; ; nth++)
        {
            TestLog log = new(nth) { Options = { SyncMode = SyncMode.PerCommit } };
            Wal wal = log.Open();
            wal.AppendMany(1, 120, 1000);
            int calls = 0;
            bool isDone = false;
            bool isLooking = true;
            log.Disk.Faults = _ =>
            {
                if (isLooking && ++calls == nth)
                {
                    isLooking = false;
                    overtake(log, wal);
                    isLooking = true;
                    isDone = true;
                }

                return FaultAction.None;
            };
            look(log, wal);
            log.Disk.Faults = null;
            if (!isDone)
            {
                Assert.True(nth > 10, $"{nth}");
                return;
            }
        }
    }

    private static int NumberOf(string record) => int.Parse(
        record.AsSpan(0, record.IndexOf(' ')), System.Globalization.CultureInfo.InvariantCulture);
}
