using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Recovery;

/// <summary>What opening refuses, and that it changes nothing then.</summary>
public class RefusalTests
{
    private const string First = "0000000001.wal";

    private readonly TestLog _log = new(seed: 21) { Options = { SyncMode = SyncMode.PerCommit } };

    public RefusalTests()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 3);
        wal.FlushTick();
        _log.Kill();
    }

    [Theory]
    [InlineData(1u, "This directory belongs to LoraDB")]
    [InlineData(3u, "later version")]
    public void Another_format_version_is_refused_with_a_sentence_and_left_alone(uint version, string sentence)
    {
        _log.Disk.Damage.Overwrite(First, 8, BitConverter.GetBytes(version));
        WalException refused = AssertRefused<WalException>();
        Assert.Contains($"format version {version}; this version reads 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_in_the_active_segments_header_refuses_and_the_segment_stays()
    {
        for (int bit = 0; bit < SegmentHeader.Bytes * 8; bit++)
        {
            _log.Disk.Damage.FlipBit(First, bit / 8, bit % 8);
            AssertRefused<WalException>();
            _log.Disk.Damage.FlipBit(First, bit / 8, bit % 8);
        }

        Assert.Equal(Numbered(1, 3), _log.ReopenAndRead());
    }

    [Fact]
    public void A_file_of_another_size_than_its_header_says_is_refused()
    {
        _log.Disk.Damage.TruncateFile(First, 65536 + 4096);
        Assert.Contains("65536", AssertRefused<WalCorruptException>().Expected, StringComparison.Ordinal);
        _log.Disk.Damage.TruncateFile(First, 65536 - 4096);
        AssertRefused<WalCorruptException>();
    }

    [Fact]
    public void A_torn_tail_is_left_for_a_person_if_the_options_say_so()
    {
        _log.Disk.Damage.Overwrite(First, 30_000, [1, 2, 3]);
        _log.Options.TornTail = TornTailPolicy.Refuse;
        WalCorruptException refused = AssertRefused<WalCorruptException>();
        Assert.Contains("torn tail", refused.Message, StringComparison.Ordinal);

        _log.Options.TornTail = TornTailPolicy.SetAside;
        Wal wal = _log.Open();
        Assert.Equal((TailVerdict.Torn, "0000000001-4320.torn"), (wal.Recovery.Verdict, wal.Recovery.SetAsideAs));
        Assert.Equal(Numbered(1, 3), wal.Read());
    }

    [Fact]
    public void A_refusal_leaves_temporary_files_and_only_a_verdict_deletes_them()
    {
        string[] temporary = ["0000000001-4096.torn.tmp", "next.wal.tmp", "urgent.wal.tmp"];
        foreach (string name in temporary)
        {
            _log.Disk.Damage.WriteAll(name, [1, 2, 3]);
        }

        _log.Disk.Damage.FlipBit(First, 4096 + 60, 1);
        AssertRefused<WalCorruptException>();
        _log.Disk.Damage.FlipBit(First, 4096 + 60, 1);

        Assert.Equal(3, _log.Open().Recovery.LeftoversDeleted);
        Assert.Equal([First], _log.Disk.Names);
    }

    [Fact]
    public void Files_that_are_not_the_logs_are_never_touched()
    {
        string[] foreign =
        [
            "00000000002.wal", "2.wal", "0000000002.wal.bak", "0000000002.WAL", "notes.txt", "other.tmp",
            "0000000001-4096.torn", "3 things.torn.tmp", "x.wal",
        ];
        foreach (string name in foreign)
        {
            _log.Disk.Damage.WriteAll(name, [1, 2, 3]);
        }

        Wal wal = _log.Open();
        wal.AppendMany(4, 150, 1000);
        _log.Finish(wal.TruncateAsync(new Lsn(150)));
        _log.Close(wal);

        Assert.All(foreign, name => Assert.Equal([1, 2, 3], _log.Disk.ReadAllDurable(name)!));
        Assert.Equal(1, _log.Disk.Names.Count(name => SegmentName.TryParse(name, out _)));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(5, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(3, 0, 1)]
    [InlineData(3, 0, 0)]
    public void An_unknown_kind_flag_or_marker_with_valid_checksums_is_refused_also_at_the_very_end(
        byte kind, byte flags, ushort type)
    {
        const int End = 4096 + (3 * 56) + 56;
        SegmentHeader.Decode(_log.Disk.ReadAll(First), out _, out SegmentHeader? header);
        byte[] frame = new byte[FrameHeader.Bytes + 24];
        frame[FrameHeader.Bytes] = 77;
        new FrameHeader
        {
            Lsn = 4,
            DurableLag = FrameHeader.NoPromise,
            Time = 0,
            Length = 24,
            PayloadCrc = Checksum.Of(frame.AsSpan(FrameHeader.Bytes)),
            Kind = (FrameKind)kind,
            Flags = flags,
            RecordType = type,
        }.Encode(frame, header!.Salt, End);
        _log.Disk.Damage.Overwrite(First, End, frame);

        Assert.Equal(End, AssertRefused<WalCorruptException>().Offset);
    }

    [Fact]
    public void A_page_that_changes_between_two_reads_is_not_written_back()
    {
        _log.Options.SyncMode = SyncMode.None;
        Wal wal = _log.Open();
        wal.AppendMany(4, 100, 1000);
        _log.Disk.Faults = new FaultPlan().On(DiskOperationKind.Sync, FaultAction.FailSync()).Decide;
        Assert.Throws<WalPoisonedException>(() => _log.Sync(wal));
        _log.Kill();

        // The kernel drops the pages that only the cache has as soon as recovery begins to write.
        bool dropped = false;
        _log.Disk.Faults = operation =>
        {
            if (operation.Kind == DiskOperationKind.Write && !dropped)
            {
                dropped = true;
                _log.Disk.DropCaches();
            }

            return FaultAction.None;
        };

        List<string> reported;
        try
        {
            reported = _log.Open().Read();
        }
        catch (WalCorruptException)
        {
            reported = [];
        }

        Assert.True(dropped);
        _log.PowerCut(CrashStyle.Nothing);
        _log.Disk.Faults = null;
        List<string> later = _log.Open().Read();
        Assert.Equal(reported, later.Take(reported.Count));
    }

    private T AssertRefused<T>()
        where T : Exception
    {
        DiskSnapshot before = _log.Disk.Snapshot();
        Exception refused = Assert.ThrowsAny<T>(() => _log.Open());
        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
        return (T)refused;
    }
}
