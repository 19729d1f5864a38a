using System.Text.Json;
using LoraWal.Log;
using LoraWal.TestSupport;

namespace LoraWal.Cli.Tests;

/// <summary>One run of the tool and what it left: exit code, output, errors.</summary>
internal sealed record ToolRun(int Code, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Names of the fields of the JSON output, in order.</summary>
    public string Fields => string.Join(' ', Json.EnumerateObject().Select(member => member.Name));

    /// <summary>Runs the tool on the log of a simulated world, as another process would.</summary>
    public static Task<ToolRun> OnAsync(TestLog log, params string[] args) => RunAsync(
        _ => log.CreateEnvironment() with { Work = ThreadWorkScheduler.Instance },
        [args[0], "/simulated/log", .. args[1..]]);

    /// <summary>The same for a command that has commands of its own.</summary>
    public static Task<ToolRun> OnAsync(TestLog log, (string Command, string Verb) name, params string[] rest) =>
        RunAsync(
            _ => log.CreateEnvironment() with { Work = ThreadWorkScheduler.Instance },
            [name.Command, name.Verb, "/simulated/log", .. rest]);

    /// <summary>Runs the tool in this process, on the real disk.</summary>
    public static Task<ToolRun> RunAsync(params string[] args) => RunAsync(WalEnvironment.OnDisk, args);

    private static async Task<ToolRun> RunAsync(Func<string, WalEnvironment> environmentOf, string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        var host = new ToolHost { Output = output, Error = error, EnvironmentOf = environmentOf };
        int code = await new ToolApp(host).RunAsync(args);
        return new ToolRun(code, output.ToString(), error.ToString());
    }
}
