using System.Globalization;
using Spectre.Console;

namespace LoraWal.Cli;

/// <summary><c>lorawal inspect</c>: the log as it is, and what opening would find.</summary>
internal static class InspectCommand
{
    public static async Task<int> RunAsync(WalEnvironment environment, Output output, CancellationToken cancel)
    {
        WalInspection found = await new WalReader(environment).InspectAsync(cancel);
        int code = CodeOf(found);
        string? advice = found.Problem is { } problem ? Advice.For(environment, problem, found.Directory) : null;
        if (output.IsJson)
        {
            output.WriteJson(code, json =>
            {
                JsonText.WriteInspection(json, found);
                JsonText.WriteProblems(json, found.Problem is null ? [] : [found.Problem]);
                json.WriteString("advice", advice);
            });
        }
        else
        {
            Print(output, found);
        }

        if (found.Problem is not null)
        {
            output.Warn(found.Problem.Message);
            output.Warn(advice!);
        }

        return code;
    }

    /// <summary>The exit code that fits what was found.</summary>
    public static int CodeOf(WalInspection found) => found.Verdict switch
    {
        TailVerdict.Corrupt => ExitCode.Corrupt,
        TailVerdict.Unreadable or TailVerdict.Created => ExitCode.Unreadable,
        _ => ExitCode.Ok,
    };

    /// <summary>What a verdict means, in a sentence.</summary>
    public static string Explain(WalInspection found) => found.Verdict switch
    {
        TailVerdict.Created => "there is no log here: opening would create one",
        TailVerdict.Clean => "clean: the last owner closed the log",
        TailVerdict.Unclean => "unclean: the log is open, or was not closed; no byte was cut short",
        TailVerdict.Torn => string.Create(
            CultureInfo.InvariantCulture,
            $"torn: {found.TornBytes} bytes at offset {found.TornOffset} of {found.TornSegment} were never promised "
                + $"durable; opening sets them aside"),
        TailVerdict.Corrupt => "corrupt: opening refuses",
        _ => "unreadable: a read fails, so nothing can be said",
    };

    private static void Print(Output output, WalInspection found)
    {
        output.Say($"log         {found.Directory}");
        output.Say($"verdict     {Explain(found)}");
        if (found.Segments.Count == 0)
        {
            return;
        }

        output.Say($"log id      {found.LogId ?? "?"}");
        if (found.Problem is null)
        {
            output.Say($"records     LSN {found.OldestLsn} to {found.LastLsn}");
            output.Say($"durable     promised up to LSN {found.DurableLsn}");
            output.Say($"checkpoint  LSN {found.CheckpointLsn}; truncated up to LSN {found.FloorLsn}");
            output.Say($"generation  {found.Generation}");
        }

        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in new[] { "segment", "first LSN", "last LSN", "generation", "bytes", "created", "" })
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        foreach (WalSegmentInfo segment in found.Segments)
        {
            table.AddRow(
                segment.File,
                segment.FirstLsn.IsNone ? "?" : segment.FirstLsn.ToString(),
                segment.LastLsn?.ToString() ?? "?",
                segment.Generation.ToString(CultureInfo.InvariantCulture),
                segment.FileBytes.ToString("N0", CultureInfo.InvariantCulture),
                segment.Created?.ToString("u", CultureInfo.InvariantCulture) ?? "?",
                segment.Problem is not null ? "damaged" : segment.IsLeftover ? "leftover"
                    : segment.IsSealed ? "sealed" : "active");
        }

        output.Console.Write(table);
        foreach (string name in found.EvidenceFiles)
        {
            output.Say($"set aside   {name}");
        }
    }
}
