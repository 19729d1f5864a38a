using BenchmarkDotNet.Attributes;
using LoraWal.Benchmarks.Workloads;
using LoraWal.Records;

namespace LoraWal.Benchmarks.Micro;

/// <summary>The parts of an append and of a read, one by one, with what they allocate.</summary>
[MemoryDiagnoser]
public class RecordBenchmarks
{
    private const long FileOffset = 4096;
    private const uint Salt = 0x5eed;
    private byte[] _payload = [];
    private byte[] _frame = [];

    /// <summary>Payload bytes.</summary>
    [Params(100, 1024, 65536)]
    public int Bytes { get; set; }

    /// <summary>Makes a payload, and a frame around it.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _payload = Payload.Of(Bytes);
        _frame = new byte[FrameHeader.Bytes + Bytes];
        Encode();
    }

    /// <summary>The checksum alone.</summary>
    [Benchmark]
    public uint CheckSum() => Checksum.Of(_payload);

    /// <summary>A frame of one record: copy, checksums, header.</summary>
    [Benchmark]
    public void Encode()
    {
        Span<byte> target = _frame.AsSpan(FrameHeader.Bytes);
        _payload.CopyTo(target);
        new FrameHeader
        {
            Lsn = 1,
            DurableLag = 1,
            Time = 1,
            Length = (uint)_payload.Length,
            PayloadCrc = Checksum.Of(target),
            Kind = FrameKind.Record,
        }.Encode(_frame, Salt, FileOffset);
    }

    /// <summary>A frame of one record back again, both checksums verified.</summary>
    [Benchmark]
    public bool Decode() =>
        FrameHeader.TryDecode(_frame, Salt, FileOffset, out FrameHeader header)
        && Checksum.Of(_frame.AsSpan(FrameHeader.Bytes, (int)header.Length)) == header.PayloadCrc;
}
