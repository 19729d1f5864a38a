using LoraWal.Segments;
using LoraWal.TestSupport;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Promises;

/// <summary>Files that are missing, cut short or foreign: the seventh scenario of the seed.</summary>
public class SeedMissingTests
{
    private const int Last = 250;
    private const int Size = 1000;

    private readonly TestLog _log = new(seed: 7) { Options = { SyncMode = SyncMode.PerCommit } };

    public SeedMissingTests()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, Last, Size);
        Assert.Equal(5, wal.Status.SegmentCount);
        _log.Close(wal);
        _log.Kill();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Seed_07_A_missing_segment_is_refused(long id)
    {
        _log.Disk.Damage.DeleteFile(SegmentName.Of(id));
        AssertRefusedAtOpen<WalCorruptException>();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Seed_07_A_segment_whose_file_was_cut_is_refused(long id)
    {
        foreach (long length in new long[] { 0, 50, 4095, 4096, 30_000, 65535 })
        {
            TestLog log = _log.Fork();
            log.Disk.Damage.TruncateFile(SegmentName.Of(id), length);
            Assert.Throws<WalCorruptException>(() => log.Open());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void Seed_07_A_sealed_segment_cut_at_a_record_boundary_is_refused_whichever_frame_is_the_last(long id)
    {
        byte[] bytes = _log.Disk.ReadAll(SegmentName.Of(id));
        for (int offset = 4096; offset + 1032 < bytes.Length - 4096; offset += 1032)
        {
            TestLog log = _log.Fork();
            log.Disk.Damage.ZeroRange(SegmentName.Of(id), offset, bytes.Length - offset);
            Assert.Throws<WalCorruptException>(() => log.Open().Read());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Seed_07_A_segment_of_another_log_is_refused(long id)
    {
        TestLog other = new(seed: 8) { Options = { SyncMode = SyncMode.PerCommit } };
        Wal wal = other.Open();
        wal.AppendMany(1, Last, Size);
        other.Close(wal);
        _log.Disk.Damage.WriteAll(SegmentName.Of(id), other.Disk.ReadAll(SegmentName.Of(id)));

        AssertRefusedAtOpen<WalCorruptException>();
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(5, 4)]
    [InlineData(4, 6)]
    public void Seed_07_A_segment_under_another_name_is_refused(long from, long to)
    {
        _log.Disk.Damage.CopyFile(SegmentName.Of(from), SegmentName.Of(to));
        AssertRefusedAtOpen<WalCorruptException>();
    }

    [Fact]
    public void Seed_07_Segments_that_were_truncated_are_not_missed()
    {
        Wal wal = _log.Open();
        TruncateResult truncated = _log.Finish(wal.TruncateAsync(new Lsn(Last / 2)));
        Assert.Equal(2, truncated.SegmentsDeleted);
        _log.PowerCut(CrashStyle.Nothing);

        Assert.Equal(Numbered((int)truncated.OldestLsn.Value, Last, Size), _log.ReopenAndRead());
        _log.Disk.Damage.DeleteFile(SegmentName.Of(3));
        AssertRefusedAtOpen<WalCorruptException>();
    }

    private void AssertRefusedAtOpen<T>()
        where T : Exception
    {
        DiskSnapshot before = _log.Disk.Snapshot();
        Assert.Throws<T>(() => _log.Open());
        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
    }
}
