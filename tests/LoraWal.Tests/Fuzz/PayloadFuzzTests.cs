using CsCheck;
using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Fuzz;

/// <summary>Faults 41 and 42: whatever a payload holds, it is a payload.</summary>
public class PayloadFuzzTests
{
    private const string Seed = "0000000000001";
    private const int MostBytes = 200 * 1024;

    private static readonly Gen<byte[]> AnyPayload = Gen.OneOf(
        Gen.Byte.Array[0, 100],
        Gen.Int[0, 5000].Select(length => new byte[length]), // zeros, as in a part of a segment not yet written
        Gen.Int[0, 3].Select(kind => OwnBytes(kind)));

    [Fact]
    public void Every_payload_comes_back_also_one_that_is_a_frame_a_segment_or_nothing_but_zeros() =>
        Gen.Select(AnyPayload.Array[1, 8], Gen.UShort, Gen.Bool).Sample(
            (payloads, type, inOneBatch) =>
            {
                TestLog log = NewLog();
                Append(log.Open(), payloads, type, inOneBatch);
                log.PowerCut(CrashStyle.Nothing);
                AssertHolds(log.Open(), payloads, type);
            },
            iter: Effort.Samples(400),
            seed: Seed);

    [Fact]
    public void A_torn_frame_around_whole_segments_is_a_torn_tail_and_nothing_in_it_is_taken_for_a_frame() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 60_000]).Sample(
            (kind, at) =>
            {
                TestLog log = NewLog();
                Wal wal = log.Open();
                wal.Append([1], 1);
                string name = SegmentName.Of(wal.Status.ActiveSegmentId);
                long start = SegmentLayout.HeaderBlockBytes + FrameHeader.SizeOf(1);
                byte[] payload = OwnBytes(kind);
                wal.Append(payload, 2, AppendDurability.Written);
                int inFrame = at % (FrameHeader.Bytes + payload.Length);
                if (wal.Status.ActiveSegmentId != 1)
                {
                    name = SegmentName.Of(wal.Status.ActiveSegmentId);
                    start = SegmentLayout.HeaderBlockBytes;
                }

                log.Kill();
                log.Disk.Damage.FlipBit(name, start + inFrame, at % 8);
                Wal again = log.Open();

                Assert.Equal((TailVerdict.Torn, new Lsn(1)), (again.Recovery.Verdict, again.Recovery.LastLsn));
                AssertHolds(again, [[1]], 1);
            },
            iter: Effort.Samples(400),
            seed: Seed);

    [Fact]
    public void Empty_and_greatest_payloads_come_back_and_one_byte_more_is_refused()
    {
        TestLog log = NewLog();
        Wal wal = log.Open();
        byte[][] payloads = [[], new byte[MostBytes], [], new byte[MostBytes - 1], []];
        Append(wal, payloads, 3, inOneBatch: false);
        Assert.Throws<ArgumentException>(() => wal.Append(new byte[MostBytes + 1]));

        log.PowerCut(CrashStyle.Nothing);
        AssertHolds(log.Open(), payloads, 3);
    }

    private static TestLog NewLog() => new()
    {
        Options =
        {
            SyncMode = SyncMode.PerCommit,
            MaxTransactionBytes = MostBytes,
            MaxPendingBytes = 4 * MostBytes,
        },
    };

    // Frames and segments of another log, and of the very log that they are appended to: the same seed makes it.
    private static byte[] OwnBytes(int kind)
    {
        TestLog log = NewLog();
        Wal wal = log.Open();
        wal.Append([1], 1);
        wal.Append([2, 2], 2);
        byte[] file = log.Disk.ReadAll(SegmentName.Of(1));
        return kind switch
        {
            0 => file,
            1 => file[..(SegmentLayout.HeaderBlockBytes + 200)],
            2 => file[SegmentLayout.HeaderBlockBytes..(SegmentLayout.HeaderBlockBytes + 80)],
            _ => [.. file[SegmentLayout.HeaderBlockBytes..], .. file],
        };
    }

    private static void Append(Wal wal, byte[][] payloads, ushort type, bool inOneBatch)
    {
        if (inOneBatch && payloads.Sum(payload => (long)payload.Length) <= MostBytes)
        {
            using WalBatch batch = new();
            Array.ForEach(payloads, payload => batch.Add(payload, type));
            Assert.True(wal.CommitAsync(batch).IsCompletedSuccessfully);
        }
        else
        {
            Array.ForEach(payloads, payload => wal.Append(payload, type));
        }
    }

    private static void AssertHolds(Wal wal, byte[][] payloads, ushort type)
    {
        List<WalRecord> found =
        [
            .. from transaction in wal.ReadAsync().ToBlockingEnumerable()
               from record in transaction
               select record,
        ];
        Assert.Equal(payloads.Length, found.Count);
        Assert.All(found.Zip(payloads).Index(), pair =>
        {
            Assert.Equal(new Lsn((ulong)pair.Index + 1), pair.Item.First.Lsn);
            Assert.Equal(type, pair.Item.First.RecordType);
            Assert.True(pair.Item.First.Payload.Span.SequenceEqual(pair.Item.Second), $"record {pair.Index + 1}");
        });
    }
}
