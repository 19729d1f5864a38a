using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json.Serialization;

namespace LoraWal.Tests.Typed;

internal sealed record OrderPlaced(int Id, string Customer);

internal sealed record OrderPaid(int Id);

/// <summary>Its number is never registered.</summary>
internal sealed record OrderLost(int Id);

internal readonly record struct Reading(long Value);

/// <summary>Eight bytes a value, and no allocation.</summary>
internal sealed class ReadingSerializer : IWalSerializer<Reading>
{
    public void Write(Reading value, IBufferWriter<byte> target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(sizeof(long)), value.Value);
        target.Advance(sizeof(long));
    }

    public Reading Read(ReadOnlySpan<byte> payload) => payload.Length == sizeof(long)
        ? new Reading(BinaryPrimitives.ReadInt64LittleEndian(payload))
        : throw new InvalidDataException($"A reading has 8 bytes, this has {payload.Length}.");
}

/// <summary>Writes the number of bytes that the value says, then fails if it is told to.</summary>
internal sealed class BlobSerializer : IWalSerializer<Blob>
{
    public void Write(Blob value, IBufferWriter<byte> target)
    {
        Span<byte> span = target.GetSpan(value.Size);
        span[..value.Size].Fill(value.Fill);
        target.Advance(value.Size);
        if (value.Failure is not null)
        {
            throw value.Failure;
        }
    }

    public Blob Read(ReadOnlySpan<byte> payload) => new(payload.Length, payload.IsEmpty ? (byte)0 : payload[0]);
}

internal sealed record Blob(int Size, byte Fill, Exception? Failure = null);

[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderPaid))]
internal sealed partial class ShapesJson : JsonSerializerContext;

internal static class Shapes
{
    public const ushort Placed = 7;
    public const ushort Paid = 8;
    public const ushort Read = 9;
    public const ushort Blobs = 10;

    public static WalRecordTypes All() => new WalRecordTypes()
        .AddJson(Placed, ShapesJson.Default.OrderPlaced)
        .AddJson(Paid, ShapesJson.Default.OrderPaid)
        .Add(Read, new ReadingSerializer())
        .Add(Blobs, new BlobSerializer());
}
