using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Reading;

/// <summary>A reader in a second process: beside the writer, on copies, on crash images.</summary>
public class OutsideReaderTests
{
    private const string First = "0000000001.wal";

    private readonly TestLog _log = new(seed: 41);

    [Theory]
    [InlineData(SyncMode.PerCommit)]
    [InlineData(SyncMode.GroupSync)]
    [InlineData(SyncMode.None)]
    public void At_every_step_of_a_whole_life_it_yields_a_prefix_that_is_durable(SyncMode mode)
    {
        _log.Options.SyncMode = mode;
        Wal? wal = null;
        Lsn truncated = Lsn.None;
        long looks = 0;
        ulong durable = 0;
        WalReader? reader = null;
        bool isLooking = false;

        // Another process may look between any two calls of the writer, as here.
        _log.Disk.Faults = operation =>
        {
            if (isLooking || reader is null)
            {
                return FaultAction.None;
            }

            isLooking = true;
            try
            {
                List<string> found = reader.Read();
                ulong first = (ulong)(found.Count == 0 ? 1 : NumberOf(found[0]));
                int last = found.Count == 0 ? 0 : NumberOf(found[^1]);
                Assert.InRange(first, 1ul, truncated.Value + 1);
                Assert.Equal(Numbered((int)first, last, 1000), found);
                durable = Math.Max(durable, wal?.Status.DurableLsn.Value ?? 0);
                Assert.True((ulong)last <= durable, $"{operation}: yields {last}, durable is {durable}");
                looks++;
            }
            finally
            {
                isLooking = false;
            }

            return FaultAction.None;
        };

        wal = _log.Open();
        reader = _log.Reader();
        AppendSome(wal, 1, 130);
        truncated = new Lsn(100);
        _log.Sync(wal);
        _log.Finish(wal.TruncateAsync(truncated));
        AppendSome(wal, 131, 140);
        _log.Finish(wal.CheckpointAsync(new Lsn(120)));
        _log.Close(wal);

        Assert.True(looks > 200, $"{looks}");
        Assert.Equal(wal.Status.WrittenLsn, _log.Reader().LastLsn());
        Assert.Equal(0, _log.Disk.Counters.OpenFiles);
    }

    [Fact]
    public void What_is_written_but_not_promised_is_shown_only_when_asked_for()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        Assert.Empty(_log.Reader().Read());
        Assert.Equal(Numbered(1, 3), _log.Reader().Read(new WalReadOptions(IncludeNotDurable: true)));

        _log.Sync(wal);
        Assert.Equal(new Lsn(3), wal.Status.DurableLsn);
        Assert.Empty(_log.Reader().Read()); // durable, but nothing in the log says so yet

        wal.AppendMany(4, 4);
        Assert.Equal(Numbered(1, 3), _log.Reader().Read());
    }

    [Fact]
    public void The_synced_marker_of_an_idle_log_makes_its_last_records_visible()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        wal.FlushTick();
        Assert.Empty(_log.Reader().Read());
        wal.FlushTick();
        Assert.Equal(Numbered(1, 3), _log.Reader().Read());
    }

    [Fact]
    public void It_begins_after_and_ends_where_it_is_told()
    {
        Wal wal = _log.Open();
        for (int first = 1; first <= 181; first += 3)
        {
            using WalBatch batch = Batch(first, first + 2, 1000);
            _log.Finish(wal.CommitAsync(batch));
        }

        _log.Close(wal);
        Assert.InRange(_log.Reader().Inspect().Segments.Count, 3, 5);
        foreach (int after in new[] { 0, 3, 60, 99, 180, 183 })
        {
            foreach (int upTo in new[] { 3, 4, 99, 183, 500 })
            {
                List<string> found = _log.Reader().Read(
                    new WalReadOptions(new Lsn((ulong)after), new Lsn((ulong)upTo)));
                int last = Math.Min(upTo, 183) / 3 * 3;
                Assert.Equal(after < last ? Numbered(after + 1, last, 1000) : [], found);
            }
        }

        // A transaction is yielded whole: the one that ends above the position.
        Assert.Equal(Numbered(4, 6, 1000), _log.Reader().Read(new WalReadOptions(new Lsn(4), new Lsn(6))));
    }

    [Fact]
    public void Records_below_the_oldest_one_are_refused_as_truncated()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        _log.Sync(wal);
        TruncateResult result = _log.Finish(wal.TruncateAsync(new Lsn(150)));
        WalTruncatedException refused = Assert.Throws<WalTruncatedException>(
            () => _log.Reader().Read(new WalReadOptions(new Lsn(5))));

        Assert.Equal((new Lsn(5), result.OldestLsn), (refused.Asked, refused.Oldest));
        Assert.Equal(Numbered((int)result.OldestLsn.Value, 200, 1000), _log.Reader().Read());
    }

    [Fact]
    public void Damage_below_a_promise_is_refused_with_file_offset_and_lsn_whatever_bit_it_is()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        const int PaddedFrom = 52; // no checksum covers the padding
        foreach (int at in Enumerable.Range(4096, 2 * 56).Where(at => (at - 4096) % 56 < PaddedFrom))
        {
            TestLog copy = _log.Fork();
            copy.Disk.Damage.FlipBit(First, at, at % 8);
            WalCorruptException damage = Assert.Throws<WalCorruptException>(() => copy.Reader().Read());
            int number = (at - 4096) / 56;
            Assert.Equal((4096L + (number * 56), new Lsn((ulong)number + 1)), (damage.Offset, damage.Lsn));
            Assert.EndsWith(First, damage.Path, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_half_written_frame_at_the_end_is_not_yet_there_and_no_damage()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 3, 300);
        byte[] whole = _log.Disk.ReadAll(First);
        int end = 4096 + (3 * 336);
        int padding = end - 4;
        for (int cut = end - 336; cut < padding; cut++)
        {
            TestLog copy = _log.Fork();
            copy.Disk.Damage.Overwrite(First, cut, new byte[whole.Length - cut]);
            Assert.Equal(Numbered(1, 1, 300), copy.Reader().Read());
            Assert.Equal(
                Numbered(1, 2, 300), copy.Reader().Read(new WalReadOptions(IncludeNotDurable: true)));
        }
    }

    [Fact]
    public void A_promise_read_before_the_bytes_it_covers_is_no_damage()
    {
        // A read is not made in one moment: its first bytes may be older than its last ones.
        _log.Options.SyncMode = SyncMode.PerCommit;
        Wal wal = _log.Open();
        wal.AppendMany(1, 4);
        SimulatedDisk before = _log.Disk.Clone();
        before.Damage.ZeroRange(First, 4096 + (2 * 56), 56); // the third frame was not there yet
        byte[] stale = before.ReadAll(First);
        byte[] now = _log.Disk.ReadAll(First);
        _log.Disk.Damage.WriteAll(First, stale);
        int reads = 0;
        _log.Disk.Faults = operation =>
        {
            // The second read of the frames already finds them all.
            if (operation is { Kind: DiskOperationKind.Read, Offset: > 4096 } && reads++ == 1)
            {
                _log.Disk.Damage.WriteAll(First, now);
            }

            return FaultAction.None;
        };

        Assert.Equal(Numbered(1, 3), _log.Reader().Read());
    }

    [Fact]
    public void It_changes_nothing_locks_nothing_and_needs_no_lock()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, 1000);
        _log.Sync(wal);
        TestLog copy = _log.Fork();
        copy.Disk.Counters.KeepsTrace = true;
        copy.Disk.HasLocks = false;
        DiskSnapshot before = copy.Disk.Snapshot();

        WalReader reader = copy.Reader();
        Assert.NotEmpty(reader.Read());
        Assert.NotEmpty(reader.Read(new WalReadOptions(IncludeNotDurable: true)));
        Assert.NotEmpty(reader.Inspect().Segments);
        Assert.Empty(reader.Verify().Problems);

        Assert.Null(before.DifferenceTo(copy.Disk.Snapshot()));
        Assert.All(copy.Disk.Counters.Trace, call => Assert.Contains(
            call.Kind, new[] { DiskOperationKind.List, DiskOperationKind.Open, DiskOperationKind.Read }));
        Assert.Equal(0, copy.Disk.Counters.OpenFiles);
    }

    [Fact]
    public void A_copy_taken_at_any_moment_of_a_life_reads_as_a_durable_prefix()
    {
        _log.Options.SyncMode = SyncMode.PerCommit;
        List<(SimulatedDisk Copy, ulong Durable)> copies = [];
        Wal? wal = null;
        _log.Disk.Faults = operation =>
        {
            if (operation.IsMutation && wal is not null)
            {
                copies.Add((_log.Disk.Clone(), wal.Status.DurableLsn.Value));
            }

            return FaultAction.None;
        };
        wal = _log.Open();
        wal.AppendMany(1, 120, 1000);
        _log.Finish(wal.TruncateAsync(new Lsn(60)));
        _log.Close(wal);

        Assert.True(copies.Count > 200);
        for (int i = 0; i < copies.Count; i++)
        {
            foreach (CrashStyle? style in new CrashStyle?[] { null, CrashStyle.Nothing, CrashStyle.TornSectors })
            {
                // null: a copy of the files; else a snapshot of the volume, which is a power cut.
                TestLog copy = new(i, copies[i].Copy.Clone());
                if (style is { } cut)
                {
                    copy.PowerCut(cut);
                }

                List<string> found = copy.Reader().Read();
                int last = found.Count == 0 ? 0 : NumberOf(found[^1]);
                int first = found.Count == 0 ? 1 : NumberOf(found[0]);
                Assert.True((ulong)last <= copies[i].Durable, $"copy {i}: {last} above {copies[i].Durable}");
                Assert.Equal(Numbered(first, last, 1000), found);
            }
        }
    }

    private static int NumberOf(string record) => int.Parse(
        record.AsSpan(0, record.IndexOf(' ')), System.Globalization.CultureInfo.InvariantCulture);

    private static void AppendSome(Wal wal, int first, int last)
    {
        for (int number = first; number <= last; number++)
        {
            wal.AppendMany(number, number, 1000);
            if (number % 9 == 0)
            {
                wal.FlushTick();
            }
        }
    }
}
