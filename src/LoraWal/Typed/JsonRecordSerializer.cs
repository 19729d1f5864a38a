using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LoraWal.Typed;

/// <summary>JSON by generated metadata: no reflection, so it can be trimmed and compiled ahead of time.</summary>
internal sealed class JsonRecordSerializer<T> : IWalSerializer<T>
    where T : notnull
{
    private readonly JsonTypeInfo<T> _typeInfo;
    private readonly JsonWriterOptions _writerOptions;

    // The last writer that was used: a lone writer needs one, a crowd allocates a few more.
    private Utf8JsonWriter? _spare;

    public JsonRecordSerializer(JsonTypeInfo<T> typeInfo)
    {
        _typeInfo = typeInfo;
        JsonSerializerOptions options = typeInfo.Options;
        _writerOptions = new JsonWriterOptions
        {
            Encoder = options.Encoder,
            Indented = options.WriteIndented,
            MaxDepth = options.MaxDepth,
            SkipValidation = true,
        };
    }

    public void Write(T value, IBufferWriter<byte> target)
    {
        Utf8JsonWriter? writer = Interlocked.Exchange(ref _spare, null);
        if (writer is null)
        {
            writer = new Utf8JsonWriter(target, _writerOptions);
        }
        else
        {
            writer.Reset(target);
        }

        // A writer that a failing converter leaves half way is dropped, not kept.
        JsonSerializer.Serialize(writer, value, _typeInfo);
        writer.Flush();
        writer.Reset(NoTarget.Instance);
        Volatile.Write(ref _spare, writer);
    }

    public T Read(ReadOnlySpan<byte> payload) => JsonSerializer.Deserialize(payload, _typeInfo)!;

    /// <summary>What a spare writer points to, so that it keeps no buffer alive.</summary>
    private sealed class NoTarget : IBufferWriter<byte>
    {
        public static readonly NoTarget Instance = new();

        public void Advance(int count) => throw new InvalidOperationException("A spare writer writes nothing.");

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new InvalidOperationException("As above.");

        public Span<byte> GetSpan(int sizeHint = 0) => throw new InvalidOperationException("As above.");
    }
}
