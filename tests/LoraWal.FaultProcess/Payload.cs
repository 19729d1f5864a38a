using System.Buffers.Binary;

namespace LoraWal.FaultProcess;

/// <summary>Payloads that tell, by themselves, at which LSN and in which transaction they belong.</summary>
//
//   0       8       16      20      24          28
//   +-------+-------+-------+-------+-----------+-------------------------+
//   |  LSN  | first | count | bytes | generation| pattern of this LSN ... |
//   +-------+-------+-------+-------+-----------+-------------------------+
//
// first, count: the transaction's first LSN and its number of records. generation: how often the log had been opened.
internal static class Payload
{
    public const int MinBytes = 28;
    public const ushort RecordType = 7;

    /// <summary>Makes the payload of one record.</summary>
    public static byte[] Of(ulong lsn, ulong first, int count, int bytes, long generation)
    {
        byte[] payload = new byte[Math.Max(bytes, MinBytes)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, lsn);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(8), first);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(16), count);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(20), payload.Length);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(24), (int)generation);
        for (int i = MinBytes; i < payload.Length; i++)
        {
            payload[i] = PatternAt(lsn, i);
        }

        return payload;
    }

    /// <summary>Finds what is wrong with a record that was read.</summary>
    /// <returns>Null if it is the one that was appended.</returns>
    public static string? Problem(WalRecord record, WalTransaction transaction, ref int generation)
    {
        ReadOnlySpan<byte> payload = record.Payload.Span;
        if (record.RecordType != RecordType || payload.Length < MinBytes)
        {
            return $"type {record.RecordType}, {payload.Length} bytes";
        }

        ulong lsn = BinaryPrimitives.ReadUInt64LittleEndian(payload);
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(payload[16..]);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(payload[20..]);
        int by = BinaryPrimitives.ReadInt32LittleEndian(payload[24..]);
        if (lsn != record.Lsn.Value || bytes != payload.Length)
        {
            return $"the payload of LSN {lsn}, {bytes} bytes, has {payload.Length}";
        }

        if (first != transaction.FirstLsn.Value || count != transaction.Count)
        {
            return $"it was appended with {count} from {first}, and is there with {transaction.Count}";
        }

        if (by < generation)
        {
            return $"it is of generation {by}, behind one of generation {generation}";
        }

        generation = by;
        for (int i = MinBytes; i < payload.Length; i++)
        {
            if (payload[i] != PatternAt(lsn, i))
            {
                return $"byte {i} is another one";
            }
        }

        return null;
    }

    private static byte PatternAt(ulong lsn, int i) => (byte)((lsn * 131) + ((ulong)i * 7) + (lsn >> 8));
}
