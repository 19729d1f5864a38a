using System.Buffers.Binary;
using CsCheck;
using LoraWal.Fuzz;
using LoraWal.Records;
using LoraWal.Segments;

namespace LoraWal.Tests.Fuzz;

/// <summary>Fault 30: no length is believed before its checksum, nor beyond its file.</summary>
public class FrameFuzzTests
{
    private const string Seed = "0000000000001";
    private const int ChunkBytes = 64 * 1024;

    private static readonly byte[][] Frames =
        [.. Corpus.Make().Where(made => made.Target == "frame").Select(made => made.Input)];

    private static readonly byte[][] Scans =
        [.. Corpus.Make().Where(made => made.Target == "scan").Select(made => made.Input)];

    [Fact]
    public void The_decoders_take_arbitrary_bytes() =>
        Gen.Byte.Array[0, 200].Sample(FrameTarget.Run, iter: Effort.Samples(20_000), seed: Seed);

    [Fact]
    public void The_decoders_take_mutated_frames() =>
        Mutated(Frames).Sample(FrameTarget.Run, iter: Effort.Samples(50_000), seed: Seed);

    [Fact]
    public void The_scan_takes_arbitrary_bytes() =>
        Gen.Byte.Array[0, 600].Sample(ScanTarget.Run, iter: Effort.Samples(2_000), seed: Seed);

    [Fact]
    public void The_scan_takes_mutated_segments() =>
        Mutated(Scans).Sample(ScanTarget.Run, iter: Effort.Samples(10_000), seed: Seed);

    [Fact]
    public void A_length_is_never_allocated_for_unless_its_checksum_holds_and_it_fits() =>
        Gen.UInt[ChunkBytes, uint.MaxValue].Select(Gen.Bool).Sample(
            (length, repairs) =>
            {
                byte[] file = new byte[SegmentLayout.HeaderBlockBytes + ChunkBytes];
                SegmentHeader header = ScanTarget.HeaderFor(file.Length);
                Span<byte> frame = file.AsSpan(SegmentLayout.HeaderBlockBytes);
                new FrameHeader
                {
                    Lsn = 1,
                    DurableLag = 1,
                    Time = 0,
                    Length = length,
                    PayloadCrc = 0,
                    Kind = FrameKind.Record,
                }.Encode(frame, header.Salt, SegmentLayout.HeaderBlockBytes + (repairs ? 0 : 8));

                long before = GC.GetAllocatedBytesForCurrentThread();
                FrameStatus status = new FrameReader(new BytesFile(file), header).Read(file.Length);
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

                Assert.Equal(repairs ? FrameStatus.Odd : FrameStatus.Invalid, status);
                Assert.InRange(allocated, 0, 2 * ChunkBytes);
            },
            iter: 1_000,
            seed: Seed);

    [Fact]
    public void A_count_of_records_is_never_allocated_for() => Gen.Int.Sample(
        count =>
        {
            byte[] payload = new byte[BatchHeader.Bytes + BatchEntry.HeaderBytes];
            BinaryPrimitives.WriteInt32LittleEndian(payload, count);
            payload[BatchHeader.Bytes + 6] = 1;
            Assert.Equal(count == 1, BatchHeader.TryValidate(payload, out _));
        },
        iter: 1_000,
        seed: Seed);

    /// <summary>A few bytes of an input changed, cut out, or doubled.</summary>
    private static Gen<byte[]> Mutated(byte[][] inputs) =>
        from which in Gen.Int[0, inputs.Length - 1]
        from changes in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 400], Gen.Int[1, 40], Gen.Byte).Array[0, 5]
        select changes.Aggregate(inputs[which], (bytes, change) => Change(bytes, change));

    private static byte[] Change(byte[] bytes, (int Kind, int At, int Length, byte Value) change)
    {
        int at = Math.Min(change.At, bytes.Length);
        int end = Math.Min(at + change.Length, bytes.Length);
        return change.Kind switch
        {
            0 when at < bytes.Length => [.. bytes[..at], change.Value, .. bytes[(at + 1)..]],
            1 when at < bytes.Length =>
                [.. bytes[..at], (byte)(bytes[at] ^ (1 << (change.Value % 8))), .. bytes[(at + 1)..]],
            2 => [.. bytes[..at], .. bytes[end..]],
            3 => [.. bytes[..end], .. bytes[at..]],
            _ => bytes,
        };
    }
}
