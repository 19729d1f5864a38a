using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace LoraWal.Cli;

/// <summary>Prints for a person or as JSON, never both.</summary>
internal sealed class Output(ToolHost host, string command, bool isJson, bool isStream = false)
{
    /// <summary>The version of the JSON's shape: raised when a field changes its meaning or goes.</summary>
    public const int JsonVersion = 1;

    public bool IsJson => isJson;

    /// <summary>Whether a progress bar has somebody to look at it.</summary>
    public bool ShowsProgress => host.IsTerminal && !isJson;

    /// <summary>Where lines of a stream go.</summary>
    public TextWriter Lines => host.Output;

    /// <summary>For a person, on the standard output.</summary>
    public IAnsiConsole Console { get; } = host.ConsoleOn(host.Output);

    /// <summary>For a person, on the standard error.</summary>
    public IAnsiConsole ErrorConsole { get; } = host.ConsoleOn(host.Error);

    /// <summary>Prints a line for a person.</summary>
    public void Say(string text) => host.Output.WriteLine(text);

    /// <summary>Prints a line about a problem, in both forms of output.</summary>
    public void Warn(string text) => host.Error.WriteLine(text);

    /// <summary>Prints one JSON document: what all commands have in common, then what this one adds.</summary>
    public void WriteJson(int exitCode, Action<Utf8JsonWriter> write, bool isIndented = true)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = isIndented }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", JsonVersion);
            json.WriteString("command", command);
            json.WriteNumber("exitCode", exitCode);
            write(json);
            json.WriteEndObject();
        }

        host.Output.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }

    /// <summary>Says that the command has failed: what, where, what next.</summary>
    public void Fail(int exitCode, Exception failure, string? advice)
    {
        if (isJson && !isStream)
        {
            WriteJson(exitCode, json =>
            {
                json.WriteStartArray("problems");
                JsonText.WriteProblem(json, failure);
                json.WriteEndArray();
                json.WriteString("advice", advice);
            });
        }

        Warn($"lorawal {command}: {failure.Message}");
        if (advice is not null)
        {
            Warn(advice);
        }
    }
}
