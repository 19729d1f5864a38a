using LoraWal.Segments;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Recovery;

/// <summary>Every byte of a small log, damaged: the original records, a refusal, or a torn tail that is reported, and
/// that only where nothing was promised. Never a silent loss.</summary>
public class EveryByteTests
{
    private const int Last = 330;
    private const int Size = 600;

    private readonly TestLog _log = new(seed: 5);
    private readonly byte[][] _payloads = [.. Enumerable.Range(0, Last + 10).Select(number => Payload(number, Size))];
    private readonly int[] _seen = new int[Enum.GetValues<Outcome>().Length];
    private ulong _first;

    private enum Outcome
    {
        Original,
        Refused,
        Torn,
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void No_byte_of_a_sealed_segment_can_change_and_be_lost_in_silence(long id)
    {
        _log.Close(BuildLog());
        _log.Kill();
        string name = SegmentName.Of(id);
        byte[] bytes = BytesOf(name);

        WalkOpening(name, bytes, 0, SegmentLayout.HeaderBlockBytes, Last);
        WalkReading(name, bytes, SegmentLayout.HeaderBlockBytes);

        Assert.Equal(0, _seen[(int)Outcome.Torn]);
        Assert.InRange(_seen[(int)Outcome.Original], 3000, 4096); // the header's block behind the header, and padding
        Assert.InRange(_seen[(int)Outcome.Refused], 61440, 65536);
    }

    [Fact]
    public void No_byte_of_the_last_segment_of_a_closed_log_can_change_and_be_lost_in_silence()
    {
        _log.Close(BuildLog());
        _log.Kill();
        string name = SegmentName.Of(4);
        byte[] bytes = BytesOf(name);

        WalkOpening(name, bytes, 0, bytes.Length, Last);

        Assert.All(_seen, count => Assert.InRange(count, 1, bytes.Length));
    }

    [Fact]
    public void No_byte_of_the_last_segment_of_a_crashed_log_can_change_and_be_lost_in_silence()
    {
        Wal wal = BuildLog();
        wal.FlushTick();
        wal.AppendMany(Last + 1, Last + 2, Size);
        Assert.Equal(new Lsn(Last), wal.Status.DurableLsn);
        _log.Kill();
        string name = SegmentName.Of(4);
        byte[] bytes = BytesOf(name);

        WalkOpening(name, bytes, 0, bytes.Length, Last + 2);

        Assert.All(_seen, count => Assert.InRange(count, 1, bytes.Length));
    }

    /// <summary>Several segments, with a checkpoint and a truncation, batches and lone records, all synced.</summary>
    private Wal BuildLog()
    {
        Wal wal = _log.Open();
        wal.AppendMany(1, 100, Size);
        using WalBatch batch = Batch(101, 120, Size);
        _log.Finish(wal.CommitAsync(batch));
        _log.Sync(wal);
        _log.Finish(wal.CheckpointAsync(new Lsn(110)));
        _log.Finish(wal.TruncateAsync(new Lsn(110)));
        wal.AppendMany(121, Last, Size);
        _log.Sync(wal);
        Assert.Equal((3, 2L, 4L), (wal.Status.SegmentCount, wal.Status.OldestSegmentId, wal.Status.ActiveSegmentId));
        return wal;
    }

    private byte[] BytesOf(string name)
    {
        byte[] bytes = _log.Disk.ReadAll(name);
        SegmentHeader.Decode(bytes, out _, out SegmentHeader? header);
        _first = header!.BaseLsn;
        return bytes;
    }

    private void WalkOpening(string name, byte[] bytes, int from, int to, int last) => Parallel.For(from, to, at =>
    {
        TestLog log = _log.Fork(at);
        log.Disk.Damage.Overwrite(name, at, [Changed(bytes, at)]);
        string? problem = Open(log, last, out Outcome outcome);
        Assert.True(problem is null, $"{name} at offset {at}, byte {Changed(bytes, at):x2}: {problem}");
        Interlocked.Increment(ref _seen[(int)outcome]);
    });

    // Opening reads nothing of a sealed segment but its header, which is checked first; so one open serves many bytes.
    private void WalkReading(string name, byte[] bytes, int from)
    {
        const int Share = 4096;
        TestLog untouched = _log.Fork();
        untouched.Disk.Counters.KeepsTrace = true;
        untouched.Open();
        Assert.DoesNotContain(
            untouched.Disk.Counters.Trace,
            call => call.Name == name && call.Kind == DiskOperationKind.Read && call.Offset + call.Length > from);

        Parallel.For(from / Share, bytes.Length / Share, share =>
        {
            TestLog log = _log.Fork(share);
            Wal wal = log.Open();
            for (int at = share * Share; at < (share + 1) * Share; at++)
            {
                log.Disk.Damage.Overwrite(name, at, [Changed(bytes, at)]);
                string? problem = Read(wal, Last, out Outcome outcome);
                Assert.True(problem is null, $"{name} at offset {at}, byte {Changed(bytes, at):x2}: {problem}");
                Interlocked.Increment(ref _seen[(int)outcome]);
                log.Disk.Damage.Overwrite(name, at, [bytes[at]]);
            }
        });
    }

    private static byte Changed(byte[] bytes, int at) =>
        (byte)(bytes[at] == 0 ? 1 << (at % 8) : bytes[at] ^ 0xFF);

    private string? Open(TestLog log, int last, out Outcome outcome)
    {
        outcome = Outcome.Refused;
        try
        {
            Wal wal = log.Open();
            if (wal.Recovery.TornBytes == 0)
            {
                return Read(wal, last, out outcome);
            }

            int found = (int)wal.Recovery.LastLsn.Value;
            string? problem = Read(wal, found, out _);
            outcome = Outcome.Torn;
            return problem
                ?? (wal.Recovery.Verdict != TailVerdict.Torn ? $"{found} records, {wal.Recovery.Verdict}"
                : wal.Recovery.SetAsideAs is not { } kept ? "not kept"
                : !log.Disk.Names.Contains(kept) ? $"{kept} is not there"
                : found < Last ? $"only {found} records"
                : null);
        }
        catch (WalCorruptException)
        {
            return null;
        }
        catch (WalException failure) when (failure.Message.Contains("format version", StringComparison.Ordinal))
        {
            return null;
        }
    }

    // From the damaged segment on: those before it are as they were.
    private string? Read(Wal wal, int last, out Outcome outcome)
    {
        outcome = Outcome.Original;
        ulong next = _first;
        try
        {
            WalReadOptions options = new(After: new Lsn(next - 1));
            foreach (WalTransaction transaction in wal.ReadAsync(options).ToBlockingEnumerable())
            {
                foreach (WalRecord record in transaction)
                {
                    if (record.Lsn.Value != next
                        || record.RecordType != (ushort)next
                        || !record.Payload.Span.SequenceEqual(_payloads[next]))
                    {
                        return $"another record instead of {next}";
                    }

                    next++;
                }
            }
        }
        catch (WalCorruptException)
        {
            outcome = Outcome.Refused;
            return null;
        }

        return next == (ulong)last + 1 ? null : $"records up to {next - 1} instead of {last}";
    }
}
