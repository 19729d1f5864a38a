using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace WorkerSample;

/// <summary>A body is not what it has to be. Nothing of it was written.</summary>
internal sealed class BadEventException(int line, string reason) : Exception(reason)
{
    public int Line => line;
}

/// <summary>Takes a body apart into events: JSON objects with a "type".</summary>
internal static class EventJson
{
    /// <summary>The events of a body: one JSON text, or several one after the other.</summary>
    /// <exception cref="BadEventException">With the number of the line that is at fault.</exception>
    public static List<ReadOnlyMemory<byte>> SplitJson(ReadOnlyMemory<byte> body)
    {
        List<ReadOnlyMemory<byte>> events = [];
        Split(body, 1, events);
        return events.Count > 0 ? events : throw new BadEventException(1, "The body has no event.");
    }

    /// <summary>The events of an NDJSON body: one to a line; empty lines are allowed.</summary>
    /// <exception cref="BadEventException">With the number of the line that is at fault.</exception>
    public static List<ReadOnlyMemory<byte>> SplitLines(ReadOnlyMemory<byte> body)
    {
        List<ReadOnlyMemory<byte>> events = [];
        for (int line = 1; !body.IsEmpty; line++)
        {
            int end = body.Span.IndexOf((byte)'\n');
            int count = events.Count;
            Split(end < 0 ? body : body[..end], line, events);
            if (events.Count > count + 1)
            {
                throw new BadEventException(line, "A line holds one event.");
            }

            body = end < 0 ? default : body[(end + 1)..];
        }

        return events.Count > 0 ? events : throw new BadEventException(1, "The body has no event.");
    }

    /// <summary>The type of an event that was accepted.</summary>
    public static bool TryGetType(ReadOnlySpan<byte> json, [NotNullWhen(true)] out string? type)
    {
        type = null;
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isType)
            {
                type = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                return !string.IsNullOrEmpty(type);
            }

            reader.Skip();
        }

        return false;
    }

    private static void Split(ReadOnlyMemory<byte> text, int firstLine, List<ReadOnlyMemory<byte>> events)
    {
        int start = 0;
        try
        {
            var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { AllowMultipleValues = true });
            while (reader.Read())
            {
                start = (int)reader.TokenStartIndex;
                reader.Skip();
                ReadOnlyMemory<byte> value = text[start..(int)reader.BytesConsumed];
                if (!TryGetType(value.Span, out _))
                {
                    throw new BadEventException(
                        firstLine + LinesBefore(text, start), "An event is a JSON object with a string \"type\".");
                }

                events.Add(value);
            }
        }
        catch (JsonException e)
        {
            throw new BadEventException(firstLine + (int)(e.LineNumber ?? 0), "This is not JSON.");
        }
        catch (InvalidOperationException)
        {
            // A string that is not UTF-8.
            throw new BadEventException(firstLine + LinesBefore(text, start), "This is not UTF-8.");
        }
    }

    private static int LinesBefore(ReadOnlyMemory<byte> text, int offset) => text.Span[..offset].Count((byte)'\n');
}
