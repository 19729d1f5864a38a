using System.Buffers.Binary;

namespace LoraWal.Records;

/// <summary>What begins the payload of a batch frame, and the check of all its entries.</summary>
//
//   0        4      8
//   +--------+------+---------+---------+-----+
//   | count  | 0    | entry 1 | entry 2 | ... |      entries: see BatchEntry; entry i has LSN + i
//   +--------+------+---------+---------+-----+
internal static class BatchHeader
{
    public const int Bytes = 8;

    private const int ZeroOffset = 4;

    public static void Encode(Span<byte> target, int count)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, count);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ZeroOffset..], 0);
    }

    /// <summary>Number of records, not checked against the entries.</summary>
    public static int PeekCount(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadInt32LittleEndian(payload);

    /// <summary>Checks that a payload is a count of at least 1, and exactly that many entries, the last of which ends
    /// a transaction.</summary>
    public static bool TryValidate(ReadOnlySpan<byte> payload, out int count)
    {
        count = 0;
        if (payload.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(payload[ZeroOffset..]) != 0)
        {
            return false;
        }

        int expected = PeekCount(payload);
        ReadOnlySpan<byte> rest = payload[Bytes..];
        bool ended = false;
        while (rest.Length > 0)
        {
            if (!BatchEntry.TryRead(rest, out BatchEntry entry))
            {
                return false;
            }

            rest = rest[(BatchEntry.HeaderBytes + entry.PayloadBytes)..];
            ended = entry.IsLastOfTransaction;
            count++;
        }

        return count >= 1 && count == expected && ended;
    }
}
