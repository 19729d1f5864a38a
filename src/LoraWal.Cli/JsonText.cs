using System.Text.Json;

namespace LoraWal.Cli;

/// <summary>The parts of the JSON output that several commands share. docs/tool.md describes them.</summary>
internal static class JsonText
{
    public static void WriteProblem(Utf8JsonWriter json, Exception problem)
    {
        json.WriteStartObject();
        json.WriteString("kind", KindOf(problem));
        json.WriteString("message", problem.Message);
        if (problem is WalCorruptException damage)
        {
            json.WriteString("path", damage.Path);
            json.WriteNumber("offset", damage.Offset);
            WriteLsn(json, "lsn", damage.Lsn.IsNone ? null : damage.Lsn);
            json.WriteString("expected", damage.Expected);
            json.WriteString("found", damage.Found);
        }

        json.WriteEndObject();
    }

    public static void WriteInspection(Utf8JsonWriter json, WalInspection found)
    {
        json.WriteString("directory", found.Directory);
        json.WriteString("logId", found.LogId);
        json.WriteString("verdict", Name(found.Verdict));
        WriteLsn(json, "oldestLsn", found.OldestLsn);
        WriteLsn(json, "lastLsn", found.LastLsn);
        WriteLsn(json, "durableLsn", found.DurableLsn);
        WriteLsn(json, "checkpointLsn", found.CheckpointLsn);
        WriteLsn(json, "floorLsn", found.FloorLsn);
        json.WriteNumber("generation", found.Generation);
        json.WriteNumber("logBytes", found.LogBytes);
        json.WriteNumber("tornBytes", found.TornBytes);
        json.WriteString("tornSegment", found.TornSegment);
        json.WriteNumber("tornOffset", found.TornOffset);
        json.WriteStartArray("segments");
        foreach (WalSegmentInfo segment in found.Segments)
        {
            WriteSegment(json, segment);
        }

        json.WriteEndArray();
        json.WriteStartArray("evidenceFiles");
        foreach (string name in found.EvidenceFiles)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }

    public static void WriteProblems(Utf8JsonWriter json, IEnumerable<Exception> problems)
    {
        json.WriteStartArray("problems");
        foreach (Exception problem in problems)
        {
            WriteProblem(json, problem);
        }

        json.WriteEndArray();
    }

    public static void WriteLsn(Utf8JsonWriter json, string name, Lsn? lsn)
    {
        if (lsn is { } known)
        {
            json.WriteNumber(name, known.Value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>A verdict in the words of the output.</summary>
    public static string Name(TailVerdict verdict) => verdict switch
    {
        TailVerdict.Created => "empty",
        TailVerdict.Clean => "clean",
        TailVerdict.Unclean => "unclean",
        TailVerdict.Torn => "torn",
        TailVerdict.Corrupt => "corrupt",
        _ => "unreadable",
    };

    private static void WriteSegment(Utf8JsonWriter json, WalSegmentInfo segment)
    {
        json.WriteStartObject();
        json.WriteNumber("id", segment.Id);
        json.WriteString("file", segment.File);
        WriteLsn(json, "firstLsn", segment.FirstLsn.IsNone ? null : segment.FirstLsn);
        WriteLsn(json, "lastLsn", segment.LastLsn);
        json.WriteNumber("generation", segment.Generation);
        json.WriteNumber("bytes", segment.FileBytes);
        json.WriteBoolean("sealed", segment.IsSealed);
        json.WriteBoolean("leftover", segment.IsLeftover);
        if (segment.Created is { } created)
        {
            json.WriteString("created", created);
        }
        else
        {
            json.WriteNull("created");
        }

        json.WriteString("problem", segment.Problem?.Message);
        json.WriteEndObject();
    }

    private static string KindOf(Exception problem) => problem switch
    {
        WalCorruptException => "corrupt",
        WalInUseException => "in-use",
        WalFullException => "full",
        WalTruncatedException => "truncated",
        WalException => "refused",
        _ => "read-error",
    };
}
