using System.Buffers.Binary;
using LoraWal.Records;
using static LoraWal.Fuzz.FuzzTargets;

namespace LoraWal.Fuzz;

/// <summary>The decoders of the Records layer on arbitrary bytes: nothing thrown, no length believed that does not fit,
/// and what they accept is written back as the same bytes.</summary>
//
//   0        1      5        13
//   +--------+------+--------+-----------+
//   | repair | salt | offset | frame ... |
//   +--------+------+--------+-----------+
internal static class FrameTarget
{
    public const int HeadBytes = 13;

    public static void Run(byte[] input)
    {
        if (input.Length < HeadBytes)
        {
            return;
        }

        bool repairs = (input[0] & 1) != 0;
        uint salt = BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan(1));
        long offset = BinaryPrimitives.ReadInt64LittleEndian(input.AsSpan(5));
        byte[] frame = input[HeadBytes..];
        if (repairs)
        {
            ChecksumRepair.Frame(frame, salt, offset);
        }

        Header(frame, salt, offset);
        ReadOnlySpan<byte> payload = frame.AsSpan(Math.Min(frame.Length, FrameHeader.Bytes));
        Batch(payload);
        SmallPayloads(payload);
    }

    private static void Header(byte[] frame, uint salt, long offset)
    {
        if (!FrameHeader.TryDecode(frame, salt, offset, out FrameHeader header))
        {
            return;
        }

        byte[] again = new byte[FrameHeader.Bytes];
        header.Encode(again, salt, offset);
        Check(again.AsSpan().SequenceEqual(frame.AsSpan(0, FrameHeader.Bytes)), "a header comes back otherwise");
        Check(header.FrameBytes >= FrameHeader.Bytes + (long)header.Length, "a frame is smaller than its parts");
        Check(header.FrameBytes % 8 == 0, "a frame is not aligned");
        Check(header.Promise is null || header.Promise <= header.Lsn, "a frame promises what comes after it");
        Check(
            !FrameHeader.TryDecode(frame, salt, offset + 8, out _)
                && !FrameHeader.TryDecode(frame, ~salt, offset, out _),
            "a header is valid in two places");
    }

    private static void Batch(ReadOnlySpan<byte> payload)
    {
        if (!BatchHeader.TryValidate(payload, out int count))
        {
            return;
        }

        byte[] again = new byte[payload.Length];
        BatchHeader.Encode(again, count);
        int at = BatchHeader.Bytes;
        for (int i = 0; i < count; i++)
        {
            BatchEntry entry = BatchEntry.Read(payload[at..]);
            entry.Write(again.AsSpan(at));
            at += BatchEntry.HeaderBytes;
            payload.Slice(at, entry.PayloadBytes).CopyTo(again.AsSpan(at));
            at += entry.PayloadBytes;
        }

        Check(again.AsSpan().SequenceEqual(payload), "a batch comes back otherwise");
    }

    private static void SmallPayloads(ReadOnlySpan<byte> payload)
    {
        if (Marker.TryDecode(payload, out Marker marker))
        {
            byte[] again = new byte[Marker.Bytes];
            marker.Encode(again);
            Check(again.AsSpan().SequenceEqual(payload), "a marker comes back otherwise");
        }

        if (Seal.TryDecode(payload, out ulong last))
        {
            byte[] again = new byte[Seal.Bytes];
            Seal.Encode(again, last);
            Check(again.AsSpan().SequenceEqual(payload), "a seal comes back otherwise");
        }
    }
}
