using System.Globalization;
using System.Text;
using System.Text.Json;
using LoraWal.Segments;

namespace LoraWal.Cli;

/// <summary>What to print.</summary>
internal sealed record DumpRequest(
    ulong From, ulong To, ushort? Type, string Format, bool NotDurable, bool Follow);

/// <summary><c>lorawal dump</c>: records, one a line.</summary>
internal static class DumpCommand
{
    public static async Task<int> RunAsync(
        WalEnvironment environment, Output output, DumpRequest request, CancellationToken cancel)
    {
        if (!request.Follow && !environment.Storage.List().Any(name => SegmentName.TryParse(name, out _)))
        {
            throw ToolApp.NoLog(environment.Storage.DirectoryPath);
        }

        // Not read up to the end asked for: a transaction that goes beyond it has records below it.
        var options = new WalReadOptions(
            After: request.From > 1 ? new Lsn(request.From - 1) : null,
            Follow: request.Follow,
            IncludeNotDurable: request.NotDurable);
        await foreach (WalTransaction transaction in new WalReader(environment).ReadAsync(options, cancel))
        {
            foreach (WalRecord record in transaction)
            {
                if (record.Lsn.Value >= request.From && record.Lsn.Value <= request.To
                    && (request.Type is null || request.Type == record.RecordType))
                {
                    output.Lines.WriteLine(request.Format == "json"
                        ? Json(transaction, record)
                        : Text(transaction, record, request.Format == "text"));
                }
            }

            if (transaction.LastLsn.Value >= request.To)
            {
                break;
            }
        }

        return ExitCode.Ok;
    }

    private static string Text(WalTransaction transaction, WalRecord record, bool asText)
    {
        string payload = asText ? Printable(record.Payload.Span) : Convert.ToHexStringLower(record.Payload.Span);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{record.Lsn} {transaction.FirstLsn}-{transaction.LastLsn} {transaction.Timestamp:O} {record.RecordType} "
                + $"{record.Payload.Length} {payload}");
    }

    // One record stays one line, whatever it holds.
    private static string Printable(ReadOnlySpan<byte> payload)
    {
        var text = new StringBuilder();
        foreach (Rune rune in Encoding.UTF8.GetString(payload).EnumerateRunes())
        {
            if (Rune.IsControl(rune) || rune.Value == '\\')
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            }
            else
            {
                text.Append(rune);
            }
        }

        return text.ToString();
    }

    private static string Json(WalTransaction transaction, WalRecord record)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("lsn", record.Lsn.Value);
            json.WriteNumber("firstLsn", transaction.FirstLsn.Value);
            json.WriteNumber("lastLsn", transaction.LastLsn.Value);
            json.WriteString("time", transaction.Timestamp);
            json.WriteNumber("type", record.RecordType);
            json.WriteNumber("bytes", record.Payload.Length);
            json.WriteBase64String("payload", record.Payload.Span);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
