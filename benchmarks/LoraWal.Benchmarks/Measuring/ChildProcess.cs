using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace LoraWal.Benchmarks.Measuring;

/// <summary>This program again, for work that needs a process of its own: peak memory, a kill, a slowed
/// disk.</summary>
internal static class ChildProcess
{
    public const string Command = "child";
    private const string ReadyLine = "ready";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs it to its end.</summary>
    /// <param name="wrapper">A program and its arguments that run it, or nothing.</param>
    /// <param name="arguments">The child's own.</param>
    /// <returns>What it measured.</returns>
    public static async Task<Dictionary<string, double>> RunAsync(string[] wrapper, params string[] arguments)
    {
        using Process process = Start(wrapper, arguments);
        using CancellationTokenSource limit = new(Patience);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize<Dictionary<string, double>>(output.Trim().Split('\n')[^1])!
                : throw new InvalidOperationException($"the child failed: {FirstLine(await errors)}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Runs it until it says that it is ready, and kills it with signal 9.</summary>
    public static async Task RunAndKillAsync(params string[] arguments)
    {
        using Process process = Start([], arguments);
        using CancellationTokenSource limit = new(Patience);
        try
        {
            string? line;
            do
            {
                line = await process.StandardOutput.ReadLineAsync(limit.Token);
            }
            while (line is not (null or ReadyLine));
            if (line is null)
            {
                throw new InvalidOperationException(
                    $"the child failed: {FirstLine(await process.StandardError.ReadToEndAsync(limit.Token))}");
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    public static void SayReady()
    {
        Console.WriteLine(ReadyLine);
        Console.Out.Flush();
    }

    public static void Say(Dictionary<string, double> values) => Console.WriteLine(JsonSerializer.Serialize(values));

    private static Process Start(string[] wrapper, string[] arguments)
    {
        string program = Environment.ProcessPath!;
        List<string> line = [.. wrapper, program];
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            line.Add(Assembly.GetExecutingAssembly().Location);
        }

        line.Add(Command);
        line.AddRange(arguments);
        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"{line[0]} does not start.");
    }

    private static string FirstLine(string text) =>
        text.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0)
        ?? string.Create(CultureInfo.InvariantCulture, $"it said nothing");
}
