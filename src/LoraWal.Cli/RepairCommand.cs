using System.Globalization;
using System.Text.Json;
using LoraWal.Recovery;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Cli;

/// <summary>What to cut, and what has been said about it.</summary>
internal sealed record RepairRequest(
    ulong LastLsn, bool DryRun, bool Yes, bool WithoutEvidence, bool AllowUnsafeFileSystem);

/// <summary><c>lorawal repair</c>: what opening refuses to do, once a person has decided it.</summary>
internal static class RepairCommand
{
    public static int Run(WalEnvironment environment, Output output, RepairRequest request)
    {
        IStorage storage = environment.Storage;
        bool isForReal = request.Yes && !request.DryRun;

        // Before the lock, which would be made: in a wrong directory nothing is left behind.
        if (SegmentSurvey.Read(storage, storage.List()).Count == 0)
        {
            throw ToolApp.NoLog(storage.DirectoryPath);
        }

        if (isForReal)
        {
            storage.Lock(
                new OwnerRecord(
                    System.Environment.ProcessId, System.Environment.MachineName, environment.Time.GetUtcNow()),
                request.AllowUnsafeFileSystem);
        }

        RepairPlan plan;
        try
        {
            plan = RepairPlan.Make(storage, request.LastLsn);
        }
        catch (WalException refused)
        {
            output.Fail(ExitCode.Refused, refused, "Nothing was changed.");
            return ExitCode.Refused;
        }

        WalInspection before = LogInspector.Inspect(storage);
        if (IsDone(plan, before))
        {
            string done = $"nothing to do: the log ends at LSN {plan.LastLsn}, and opens";
            Report(output, plan, ExitCode.Ok, [], before, done);
            return ExitCode.Ok;
        }

        if (!isForReal)
        {
            int code = request.DryRun ? ExitCode.Ok : ExitCode.Refused;
            Report(output, plan, code, [], before, "nothing was changed");
            if (!request.DryRun)
            {
                output.Warn("Copy the directory first. To do it, say the same with --yes.");
            }

            return code;
        }

        IReadOnlyList<string> evidence =
            new LogRepair(new SegmentFiles(storage), environment.Time.GetUtcNow()).Run(plan, request.WithoutEvidence);
        WalInspection after = LogInspector.Inspect(storage);
        int result = InspectCommand.CodeOf(after);
        Report(output, plan, result, evidence, after, $"done; the end is {InspectCommand.Explain(after)}");
        if (after.Problem is not null)
        {
            output.Warn(after.Problem.Message);
        }

        return result;
    }

    private static bool IsDone(RepairPlan plan, WalInspection found) =>
        found.Verdict is TailVerdict.Clean or TailVerdict.Unclean && found.LastLsn.Value == plan.NextLsn - 1;

    private static void Report(
        Output output,
        RepairPlan plan,
        int code,
        IReadOnlyList<string> evidence,
        WalInspection found,
        string outcome)
    {
        if (output.IsJson)
        {
            output.WriteJson(code, json => Write(json, plan, evidence, found, outcome));
            return;
        }

        if (IsDone(plan, found) && evidence.Count == 0)
        {
            output.Say(outcome);
            return;
        }

        string kept = SegmentName.Of(plan.Kept.Id);
        output.Say(string.Create(
            CultureInfo.InvariantCulture, $"last LSN    {plan.LastLsn}; the next is {plan.NextLsn}"));
        output.Say(Lost(plan));
        output.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"cut         {kept} at offset {plan.CutOffset}: {plan.CutEnd - plan.CutOffset} bytes"));
        foreach (SurveyedSegment segment in plan.Removed)
        {
            output.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"taken out   {SegmentName.Of(segment.Id)} whole: {segment.FileBytes} bytes"
                    + $"{(segment.Header is null ? "; its header cannot be read, so neither can its records" : "")}"));
        }

        foreach (string name in evidence)
        {
            output.Say($"kept as     {name}");
        }

        output.Say(outcome);
    }

    private static string Lost(RepairPlan plan) => plan.LostUpTo > plan.LastLsn
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"lost        LSN {plan.LastLsn + 1} to {plan.LostUpTo} as far as is known; {plan.ReadableRecords} records "
                + $"of them are still readable; {plan.LostBytes} bytes in all")
        : string.Create(
            CultureInfo.InvariantCulture, $"lost        no record that is known; {plan.LostBytes} bytes in all");

    private static void Write(
        Utf8JsonWriter json,
        RepairPlan plan,
        IReadOnlyList<string> evidence,
        WalInspection found,
        string outcome)
    {
        json.WriteString("directory", found.Directory);
        json.WriteString("outcome", outcome);
        json.WriteString("verdict", JsonText.Name(found.Verdict));
        json.WriteNumber("lastLsn", plan.LastLsn);
        json.WriteNumber("nextLsn", plan.NextLsn);
        json.WriteNumber("lostUpToLsn", plan.LostUpTo);
        json.WriteNumber("readableRecords", plan.ReadableRecords);
        json.WriteNumber("lostBytes", plan.LostBytes);
        json.WriteStartObject("cut");
        json.WriteString("file", SegmentName.Of(plan.Kept.Id));
        json.WriteNumber("offset", plan.CutOffset);
        json.WriteNumber("bytes", plan.CutEnd - plan.CutOffset);
        json.WriteEndObject();
        json.WriteStartArray("removed");
        foreach (SurveyedSegment segment in plan.Removed)
        {
            json.WriteStartObject();
            json.WriteString("file", SegmentName.Of(segment.Id));
            json.WriteNumber("bytes", segment.FileBytes);
            json.WriteBoolean("readable", segment.Header is not null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("evidence");
        foreach (string name in evidence)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        JsonText.WriteProblems(json, found.Problem is null ? [] : [found.Problem]);
    }
}
