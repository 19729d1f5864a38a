using CsCheck;
using LoraWal.Records;

namespace LoraWal.Tests.Records;

public class BatchTests
{
    private static readonly Gen<(byte[] Payload, ushort Type, bool IsLast)[]> Entries =
        Gen.Select(Gen.Byte.Array[0, 20], Gen.UShort, Gen.Bool).Array[1, 20];

    [Fact]
    public void The_entries_of_a_batch_come_back_as_they_were_written() => Entries.Sample(
        entries =>
        {
            entries[^1].IsLast = true;
            byte[] payload = Encode(entries, entries.Length);
            Assert.True(BatchHeader.TryValidate(payload, out int count));
            Assert.Equal((entries.Length, entries.Length), (count, BatchHeader.PeekCount(payload)));

            int place = BatchHeader.Bytes;
            foreach ((byte[] bytes, ushort type, bool isLast) in entries)
            {
                Assert.True(BatchEntry.TryRead(payload.AsSpan(place), out BatchEntry entry));
                Assert.Equal(new BatchEntry(bytes.Length, type, isLast), entry);
                place += BatchEntry.HeaderBytes;
                Assert.Equal(bytes, payload.AsSpan(place, bytes.Length).ToArray());
                place += bytes.Length;
            }
        },
        seed: "0000000000001");

    [Fact]
    public void A_batch_whose_last_entry_ends_no_transaction_is_refused() => Entries.Sample(
        entries =>
        {
            entries[^1].IsLast = false;
            return !BatchHeader.TryValidate(Encode(entries, entries.Length), out _);
        },
        seed: "0000000000001");

    [Fact]
    public void A_batch_that_counts_wrong_is_refused() => Entries.Select(Gen.Int).Sample(
        (entries, count) =>
        {
            entries[^1].IsLast = true;
            return count == entries.Length || !BatchHeader.TryValidate(Encode(entries, count), out _);
        },
        seed: "0000000000001");

    [Fact]
    public void A_batch_cut_short_is_refused() => Entries.Sample(
        entries =>
        {
            entries[^1].IsLast = true;
            byte[] payload = Encode(entries, entries.Length);
            for (int length = 0; length < payload.Length; length++)
            {
                Assert.False(BatchHeader.TryValidate(payload.AsSpan(0, length), out _), $"length {length}");
            }
        },
        seed: "0000000000001",
        iter: 20);

    [Fact]
    public void A_batch_without_entries_is_refused() =>
        Assert.False(BatchHeader.TryValidate(new byte[BatchHeader.Bytes], out _));

    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    public void A_batch_whose_reserved_bytes_are_used_is_refused(int place)
    {
        byte[] payload = Encode([([1], 0, true)], 1);
        payload[place] = 1;
        Assert.False(BatchHeader.TryValidate(payload, out _));
    }

    [Theory]
    [InlineData(6, 2)]
    [InlineData(6, 0x81)]
    [InlineData(7, 1)]
    public void An_entry_with_unknown_flags_is_refused(int place, byte value)
    {
        byte[] payload = Encode([([1], 0, true)], 1);
        payload[BatchHeader.Bytes + place] = value;
        Assert.False(BatchEntry.TryRead(payload.AsSpan(BatchHeader.Bytes), out _));
        Assert.False(BatchHeader.TryValidate(payload, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void An_entry_longer_than_what_is_there_is_refused(int length)
    {
        byte[] bytes = new byte[BatchEntry.HeaderBytes];
        new BatchEntry(length, 0, true).Write(bytes);
        Assert.False(BatchEntry.TryRead(bytes, out _));
    }

    [Fact]
    public void Arbitrary_bytes_never_throw() => Gen.Byte.Array[0, 100].Sample(
        bytes =>
        {
            BatchEntry.TryRead(bytes, out _);
            BatchHeader.TryValidate(bytes, out _);
        },
        seed: "0000000000001");

    [Fact]
    public void A_mark_changes_the_end_of_the_transaction_and_nothing_else()
    {
        byte[] bytes = new byte[BatchEntry.HeaderBytes];
        BatchEntry entry = new(0, 513, IsLastOfTransaction: false);
        entry.Write(bytes);

        BatchEntry.MarkLast(bytes, isLast: true);
        Assert.Equal(entry with { IsLastOfTransaction = true }, BatchEntry.Read(bytes));
        BatchEntry.MarkLast(bytes, isLast: false);
        Assert.Equal(entry, BatchEntry.Read(bytes));
    }

    private static byte[] Encode((byte[] Payload, ushort Type, bool IsLast)[] entries, int count)
    {
        int bytesOfEntries = entries.Sum(item => BatchEntry.HeaderBytes + item.Payload.Length);
        byte[] payload = new byte[BatchHeader.Bytes + bytesOfEntries];
        BatchHeader.Encode(payload, count);
        int place = BatchHeader.Bytes;
        foreach ((byte[] bytes, ushort type, bool isLast) in entries)
        {
            new BatchEntry(bytes.Length, type, isLast).Write(payload.AsSpan(place));
            bytes.CopyTo(payload, place + BatchEntry.HeaderBytes);
            place += BatchEntry.HeaderBytes + bytes.Length;
        }

        return payload;
    }
}
