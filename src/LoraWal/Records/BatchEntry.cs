using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace LoraWal.Records;

/// <summary>What precedes each record inside a batch frame.</summary>
//
//   0             4        6       7      8
//   +-------------+--------+-------+------+-------------+
//   | length      | type   | flags | 0    | payload ... |     no padding
//   +-------------+--------+-------+------+-------------+
//
// flags: bit 0 = last record of its transaction; the others are zero.
internal readonly record struct BatchEntry(int PayloadBytes, ushort RecordType, bool IsLastOfTransaction)
{
    public const int HeaderBytes = 8;

    private const int TypeOffset = 4;
    private const int FlagsOffset = 6;
    private const int ZeroOffset = 7;
    private const byte LastOfTransaction = 1;

    public void Write(Span<byte> target) => BinaryPrimitives.WriteUInt64LittleEndian(
        target,
        (uint)PayloadBytes
            | ((ulong)RecordType << (8 * TypeOffset))
            | (IsLastOfTransaction ? (ulong)LastOfTransaction << (8 * FlagsOffset) : 0));

    /// <summary>Marks an entry that has been written as the last of its transaction, or as another one.</summary>
    public static void MarkLast(Span<byte> entry, bool isLast) =>
        entry[FlagsOffset] = isLast ? LastOfTransaction : (byte)0;

    /// <summary>Reads an entry whose batch has been validated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BatchEntry Read(ReadOnlySpan<byte> source) =>
        FromWord(BinaryPrimitives.ReadUInt64LittleEndian(source));

    /// <summary>Reads an entry, or says that it is not a possible one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> source, out BatchEntry entry)
    {
        entry = default;
        if (source.Length < HeaderBytes)
        {
            return false;
        }

        // One load for all fields; above the last flag that is known there are only zeros.
        ulong word = BinaryPrimitives.ReadUInt64LittleEndian(source);
        if (word >> (FlagsOffset * 8) > LastOfTransaction)
        {
            return false;
        }

        entry = FromWord(word);
        return (uint)entry.PayloadBytes <= (uint)(source.Length - HeaderBytes);
    }

    private static BatchEntry FromWord(ulong word) => new(
        (int)word, (ushort)(word >> (TypeOffset * 8)), (byte)(word >> (FlagsOffset * 8)) == LastOfTransaction);
}
