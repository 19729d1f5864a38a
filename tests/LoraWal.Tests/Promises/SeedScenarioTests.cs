using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;
using LoraWal.TestSupport;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Promises;

/// <summary>Where the system that LoraWal is modelled on loses data in silence; one test for each.</summary>
public class SeedScenarioTests
{
    private const string First = "0000000001.wal";
    private const int HeaderBytes = SegmentHeader.Bytes;

    private readonly TestLog _log = new(seed: 1) { Options = { SyncMode = SyncMode.PerCommit } };

    [Fact]
    public void Seed_01_One_flipped_bit_in_the_middle_of_the_active_segment_is_refused()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3, size: 8); // no padding: every byte counts
        Assert.True(wal.FlushTick()); // the log is idle: it proves what it promised
        int end = 4096 + (3 * 40);
        _log.Kill();
        byte[] bytes = _log.Disk.ReadAll(First);

        Parallel.For(0, HeaderBytes + end - 4096, place =>
        {
            int offset = place < HeaderBytes ? place : 4096 + place - HeaderBytes;
            for (int change = 1; change < 256; change += place < HeaderBytes ? 23 : 1)
            {
                TestLog log = _log.Fork();
                byte changed = (byte)(bytes[offset] ^ change);
                log.Disk.Damage.Overwrite(First, offset, [changed]);
                Exception? failure = Record.Exception(() => log.Open());
                Assert.True(failure is WalException, $"offset {offset}, byte {changed:x2}: {failure}");
                Assert.True(
                    offset < 12 || failure is WalCorruptException { Path: "/simulated/log/0000000001.wal" },
                    $"offset {offset}, byte {changed:x2}: {failure}");
            }
        });
    }

    [Fact]
    public void Seed_01_A_refusal_changes_nothing_and_says_where()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3, size: 5);
        wal.FlushTick();
        _log.Kill();
        _log.Disk.Damage.FlipBit(First, 4096 + 40 + 33, 3);
        DiskSnapshot before = _log.Disk.Snapshot();

        WalCorruptException refused = Assert.Throws<WalCorruptException>(() => _log.Open());

        Assert.Equal("/simulated/log/0000000001.wal", refused.Path);
        Assert.Equal((4096L + 40, new Lsn(2)), (refused.Offset, refused.Lsn));
        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
        _log.Disk.Damage.FlipBit(First, 4096 + 40 + 33, 3);
        Assert.Equal(Numbered(1, 3, 5), _log.ReopenAndRead());
    }

    [Fact]
    public void Seed_02_One_transient_read_error_while_opening_is_no_torn_tail()
    {
        _log.Options.SyncMode = SyncMode.GroupSync;
        Wal wal = _log.Open();
        wal.AppendMany(1, 1000, size: 60);
        _log.Sync(wal);
        _log.Kill();
        int failed = 0;
        for (int nth = 1; ; nth++)
        {
            TestLog log = _log.Fork();
            FaultPlan plan = new FaultPlan().On(DiskOperationKind.Read, FaultAction.Fail(), nth);
            log.Disk.Faults = plan.Decide;
            DiskSnapshot before = log.Disk.Snapshot();
            Exception? failure = Record.Exception(() => log.Open());
            if (failure is null)
            {
                Assert.Equal(0, plan.Hits);
                break;
            }

            failed++;
            Assert.IsType<StorageException>(failure);
            Assert.IsAssignableFrom<IOException>(failure);
            Assert.Contains(".wal", failure.Message, StringComparison.Ordinal);
            if (!ChangedByRepair(log))
            {
                Assert.Null(before.DifferenceTo(log.Disk.Snapshot()));
            }

            Assert.Equal(Numbered(1, 1000, 60), log.ReopenAndRead());
        }

        Assert.InRange(failed, 4, 100);
    }

    [Theory]
    [InlineData(24, 9)]
    [InlineData(25, 1)]
    public void Seed_03_An_unknown_kind_or_version_within_a_valid_checksum_is_refused_and_cuts_nothing(
        int field, byte value)
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3, size: 5);
        _log.Kill();
        byte[] bytes = _log.Disk.ReadAll(First);
        SegmentHeader.Decode(bytes, out _, out SegmentHeader? header);
        byte[] frame = bytes[(4096 + 40)..(4096 + 80)];
        FrameHeader.TryDecode(frame, header!.Salt, 4096 + 40, out FrameHeader second);
        second = field == 24 ? second with { Kind = (FrameKind)value } : second with { Flags = value };
        second.Encode(frame, header.Salt, 4096 + 40);
        _log.Disk.Damage.Overwrite(First, 4096 + 40, frame);
        DiskSnapshot before = _log.Disk.Snapshot();

        WalCorruptException refused = Assert.Throws<WalCorruptException>(() => _log.Open());

        Assert.Contains("later version", refused.Message, StringComparison.Ordinal);
        Assert.Equal(4096 + 40, refused.Offset);
        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
    }

    [Fact]
    public void Seed_04_After_a_short_write_and_an_error_nothing_that_was_acknowledged_is_lost()
    {
        for (int written = 0; written < 56; written++)
        {
            TestLog log = new(written) { Options = { SyncMode = SyncMode.PerCommit } };
            Wal wal = log.Open();
            wal.AppendMany(1, 5);
            FaultAction fault = written == 0
                ? FaultAction.Fail("ENOSPC")
                : FaultAction.ShortThenFail(written, "ENOSPC");
            log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Write, fault, name: First).Decide;

            Assert.True(Assert.Throws<WalPoisonedException>(() => wal.Append(Payload(6), 6)).OutcomeUnknown);

            // The seed retried here, and wrote the whole buffer behind the half that was out.
            Assert.False(Assert.Throws<WalPoisonedException>(() => wal.Append(Payload(7), 7)).OutcomeUnknown);
            Assert.Throws<WalPoisonedException>(() => log.Sync(wal));
            log.Kill();
            log.Disk.Faults = null;

            Wal again = log.Open();
            int found = (int)again.Status.DurableLsn.Value;
            Assert.Equal(written < 52 ? 5 : 6, found); // its last four bytes are padding
            again.AppendMany(found + 1, 25);
            log.PowerCut(CrashStyle.Nothing);
            Assert.Equal(Numbered(1, 25), log.ReopenAndRead());
        }
    }

    [Fact]
    public void Seed_05_A_commit_that_was_reported_as_failed_is_not_written_later()
    {
        _log.Options.SyncMode = SyncMode.GroupSync;
        Wal wal = _log.Open();
        wal.AppendMany(1, 2);
        wal.Append(Payload(3), 3, AppendDurability.Buffered);
        _log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Write, FaultAction.Fail()).Decide;

        Assert.Throws<WalPoisonedException>(() => wal.Append(Payload(4), 4));
        Assert.False(Assert.Throws<WalPoisonedException>(() => wal.Append(Payload(5), 5)).OutcomeUnknown);

        _log.Disk.Faults = null;
        long writes = _log.Disk.Counters.Writes;
        Assert.False(wal.FlushTick());
        Assert.Throws<WalPoisonedException>(() => _log.Sync(wal));
        _log.Work.RunAll();
        Assert.Throws<WalPoisonedException>(() => _log.Close(wal));
        Assert.Equal(writes, _log.Disk.Counters.Writes);
        Assert.Equal(Numbered(1, 2), _log.ReopenAndRead());
    }

    [Fact]
    public void Seed_06_A_failed_foreground_sync_is_latched_and_never_tried_again()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 2);
        int syncs = 0;
        FaultPlan plan = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync());
        _log.Disk.Faults = operation =>
        {
            syncs += operation.Kind == DiskOperationKind.Sync ? 1 : 0;
            return plan.Decide(operation);
        };

        WalPoisonedException first = Assert.Throws<WalPoisonedException>(() => wal.Append(Payload(3), 3));
        WalPoisonedException second = Assert.Throws<WalPoisonedException>(() => wal.Append(Payload(4), 4));
        WalPoisonedException third = Assert.Throws<WalPoisonedException>(() => _log.Sync(wal));
        Assert.False(wal.FlushTick());
        Assert.Throws<WalPoisonedException>(() => _log.Close(wal));

        Assert.Equal((true, false), (first.OutcomeUnknown, second.OutcomeUnknown));
        Assert.Same(first.Fault, second.Fault);
        Assert.Same(first.Fault, third.Fault);
        Assert.Equal(new Lsn(2), wal.Status.DurableLsn);
        Assert.Equal(1, syncs);
    }

    [Fact]
    public void Seed_08_An_empty_directory_with_a_fence_goes_on_above_the_fence()
    {
        _log.Options.ReplayAfter = new Lsn(1000);
        Wal wal = _log.Open();
        wal.AppendMany(1001, 1100);
        _log.PowerCut(CrashStyle.Nothing);

        Wal again = _log.Open();

        Assert.Equal(new Lsn(1101), again.Status.NextLsn);
        Assert.Equal(Numbered(1001, 1100), again.Read(new WalReadOptions(After: new Lsn(1000))));
        Assert.Equal(Numbered(1001, 1100), again.Read());
    }

    [Fact]
    public void Seed_09_Truncation_refuses_a_fence_above_what_is_durable_and_a_poisoned_log()
    {
        _log.Options.SyncMode = SyncMode.GroupSync;
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, size: 1000);
        _log.Sync(wal);
        wal.AppendMany(201, 201, size: 1000);
        string[] names = [.. SegmentNames()];

        Assert.Throws<ArgumentOutOfRangeException>(() => _log.Finish(wal.TruncateAsync(new Lsn(201))));
        Assert.Throws<ArgumentOutOfRangeException>(() => _log.Finish(wal.TruncateAsync(new Lsn(ulong.MaxValue))));
        Assert.Equal(names, SegmentNames());

        _log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync()).Decide;
        Assert.Throws<WalPoisonedException>(() => _log.Sync(wal));
        Assert.Throws<WalPoisonedException>(() => _log.Finish(wal.TruncateAsync(new Lsn(100))));
        Assert.Equal(names, SegmentNames());
        _log.Kill();
        Assert.Equal(Numbered(1, 201, 1000), _log.ReopenAndRead());
    }

    [Fact]
    public void Seed_09_Truncation_never_takes_the_active_segment_nor_a_record_above_the_fence()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 200, size: 1000);
        Assert.Equal(4, wal.Status.SegmentCount);

        TruncateResult result = _log.Finish(wal.TruncateAsync(new Lsn(100)));

        ulong oldest = result.OldestLsn.Value;
        Assert.InRange(oldest, 2UL, 101UL);
        Assert.Equal(Numbered((int)oldest, 200, 1000), wal.Read());
        _log.Finish(wal.TruncateAsync(new Lsn(200)));
        Assert.Equal(1, wal.Status.SegmentCount);
        List<string> rest = wal.Read();
        Assert.NotEmpty(rest);
        Assert.Equal(Numbered(201 - rest.Count, 200, 1000), rest);
    }

    private IEnumerable<string> SegmentNames() => _log.Disk.Names.Where(name => SegmentName.TryParse(name, out _));

    private static bool ChangedByRepair(TestLog log) => log.Disk.Counters.Writes > 0;
}
