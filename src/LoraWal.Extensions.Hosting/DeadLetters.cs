using System.Text.Json;

namespace LoraWal.Extensions.Hosting;

/// <summary>Moves what a consumer gives up into another log.</summary>
//
// One transaction there for each one given up:
//   record 1       type 0, JSON: consumer, log, firstLsn, lastLsn, timestamp, error, recordTypes
//   record 2 ...   the records given up, each with its own type and payload
internal sealed class DeadLetters(IWal target)
{
    private const int MaxErrorLength = 4096;

    /// <summary>Writes a transaction, durably.</summary>
    public async ValueTask MoveAsync(string log, string consumer, WalTransaction transaction, Exception error)
    {
        using var batch = new WalBatch();
        batch.Add(Describe(log, consumer, transaction, error), recordType: 0);
        foreach (WalRecord record in transaction)
        {
            batch.Add(record.Payload.Span, record.RecordType);
        }

        // Whatever stops: this is short, and half of it would only be done again.
        await target.CommitAsync(batch, AppendDurability.Durable, CancellationToken.None).ConfigureAwait(false);
    }

    private static byte[] Describe(string log, string consumer, WalTransaction transaction, Exception error)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("consumer", consumer);
            json.WriteString("log", log);
            json.WriteNumber("firstLsn", transaction.FirstLsn.Value);
            json.WriteNumber("lastLsn", transaction.LastLsn.Value);
            json.WriteString("timestamp", transaction.Timestamp);
            json.WriteString("error", Shorten($"{error.GetType()}: {error.Message}"));
            json.WriteStartArray("recordTypes");
            foreach (WalRecord record in transaction)
            {
                json.WriteNumberValue(record.RecordType);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    // Not within a surrogate pair: half a character is no text.
    private static string Shorten(string text) => text.Length <= MaxErrorLength
        ? text
        : text[..(char.IsHighSurrogate(text[MaxErrorLength - 1]) ? MaxErrorLength - 1 : MaxErrorLength)];
}
