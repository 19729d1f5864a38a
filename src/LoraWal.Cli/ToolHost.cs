using Spectre.Console;

namespace LoraWal.Cli;

/// <summary>Everything outside the tool that it depends on. A test replaces each.</summary>
internal sealed record ToolHost
{
    /// <summary>Where results go.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Where errors, hints and progress go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person is watching: colours, and a progress bar.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>What a directory is reached through.</summary>
    public Func<string, WalEnvironment> EnvironmentOf { get; init; } = WalEnvironment.OnDisk;

    public static ToolHost OfThisProcess() => new()
    {
        Output = Console.Out,
        Error = Console.Error,
        IsTerminal = !Console.IsOutputRedirected && !Console.IsErrorRedirected,
    };

    /// <summary>A console for tables and bars on one of the two writers.</summary>
    public IAnsiConsole ConsoleOn(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = IsTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!IsTerminal)
        {
            console.Profile.Width = 200; // a file has no edge: nothing is wrapped
        }

        return console;
    }
}
