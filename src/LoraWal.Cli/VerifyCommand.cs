using System.Globalization;
using Spectre.Console;

namespace LoraWal.Cli;

/// <summary><c>lorawal verify</c>: reads everything and checks it.</summary>
internal static class VerifyCommand
{
    public static async Task<int> RunAsync(WalEnvironment environment, Output output, CancellationToken cancel)
    {
        var reader = new WalReader(environment);
        WalVerification found = output.ShowsProgress
            ? await WithBarAsync(output, progress => reader.VerifyAsync(progress, cancel).AsTask())
            : await reader.VerifyAsync(null, cancel);
        int code = found.Problems.Any(problem => problem is WalCorruptException) ? ExitCode.Corrupt
            : found.Problems.Count > 0 ? ExitCode.Unreadable
            : InspectCommand.CodeOf(found.Inspection);
        string? advice = found.Problems.Count > 0
            ? Advice.For(environment, found.Problems[0], found.Inspection.Directory)
            : null;
        if (output.IsJson)
        {
            output.WriteJson(code, json =>
            {
                json.WriteString("directory", found.Inspection.Directory);
                json.WriteString("verdict", JsonText.Name(found.Inspection.Verdict));
                json.WriteNumber("segmentsChecked", found.SegmentsChecked);
                json.WriteNumber("records", found.Records);
                json.WriteNumber("bytesChecked", found.BytesChecked);
                JsonText.WriteLsn(json, "lastLsn", found.Inspection.LastLsn);
                JsonText.WriteLsn(json, "durableLsn", found.Inspection.DurableLsn);
                JsonText.WriteProblems(json, found.Problems);
                json.WriteString("advice", advice);
            });
        }
        else
        {
            output.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{found.SegmentsChecked} segments, {found.BytesChecked:N0} bytes, {found.Records:N0} records read"));
            output.Say(code switch
            {
                ExitCode.Ok => $"ok; the end is {InspectCommand.Explain(found.Inspection)}",
                ExitCode.Corrupt => $"CORRUPT: {found.Problems.Count} problems",
                _ => found.Problems.Count > 0
                    ? $"UNREADABLE: {found.Problems.Count} problems"
                    : InspectCommand.Explain(found.Inspection),
            });
        }

        foreach (IOException problem in found.Problems)
        {
            output.Warn(problem.Message);
        }

        if (advice is not null)
        {
            output.Warn(advice);
        }

        return code;
    }

    private static Task<WalVerification> WithBarAsync(
        Output output, Func<IProgress<WalVerifyProgress>, Task<WalVerification>> verify) =>
        output.ErrorConsole.Progress().AutoClear(true).StartAsync(context =>
        {
            ProgressTask bar = context.AddTask("verifying");
            return verify(new Bar(bar));
        });

    private sealed class Bar(ProgressTask task) : IProgress<WalVerifyProgress>
    {
        public void Report(WalVerifyProgress value)
        {
            task.MaxValue = Math.Max(value.BytesTotal, 1);
            task.Value = value.BytesDone;
            task.Description = value.File;
        }
    }
}
