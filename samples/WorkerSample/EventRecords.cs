using System.Buffers;
using LoraWal;

namespace WorkerSample;

/// <summary>What the log holds, by record type. A number keeps its meaning for ever.</summary>
internal static class EventRecords
{
    /// <summary>An event as it was posted: <see cref="PostedEvent"/>.</summary>
    public const ushort Posted = 1;

    /// <summary>A <see cref="LoadReading"/>.</summary>
    public const ushort Reading = 2;
}

/// <summary>An event as it was posted.</summary>
/// <param name="Type">Its "type".</param>
/// <param name="Json">All of it, to the byte.</param>
internal sealed record PostedEvent(string Type, ReadOnlyMemory<byte> Json);

/// <summary>Keeps the very bytes that were posted: whoever reads them back gets what was sent.</summary>
internal sealed class PostedEventSerializer : IWalSerializer<PostedEvent>
{
    public void Write(PostedEvent value, IBufferWriter<byte> target) => target.Write(value.Json.Span);

    public PostedEvent Read(ReadOnlySpan<byte> payload) => EventJson.TryGetType(payload, out string? type)
        ? new PostedEvent(type, payload.ToArray())
        : throw new InvalidDataException("It is not an object with a string \"type\".");
}
