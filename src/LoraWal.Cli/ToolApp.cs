using System.CommandLine;
using System.CommandLine.Help;
using LoraWal.Storage;

namespace LoraWal.Cli;

/// <summary>The command line of <c>lorawal</c>: parses it and hands each command its values.</summary>
internal sealed class ToolApp(ToolHost host)
{
    private readonly Argument<string> _directory = new("DIR") { Description = "The log's directory." };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON; docs/tool.md has its shape." };

    /// <summary>Runs one command.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        // WHY NOT RootCommand: it is called what the file is called, LoraWal.Cli.
        var root = new Command("lorawal", "Looks at a LoraWal log, checks it, prints it, and cuts it when told to.")
        {
            new HelpOption(),
            new VersionOption(),
            Inspect(),
            Verify(),
            Dump(),
            Repair(),
            Cursors(),
        };
        ParseResult parsed = root.Parse(args);
        int code = await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = host.Output,
            Error = host.Error,
            EnableDefaultExceptionHandler = false,
        });
        return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
    }

    /// <summary>What to say of a directory without a segment.</summary>
    public static WalException NoLog(string directory) =>
        new($"There is no log in '{directory}'. Name a log's directory.");

    private Command Inspect()
    {
        var command = new Command("inspect", "Segments, durable promise, and what opening would find. Changes nothing.")
        {
            _directory, _json,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            new Output(host, "inspect", parsed.GetValue(_json)),
            parsed.GetRequiredValue(_directory),
            (environment, output) => InspectCommand.RunAsync(environment, output, cancel)));
        return command;
    }

    private Command Verify()
    {
        var command = new Command("verify", "Every checksum, the order of all LSNs, every seal. Changes nothing.")
        {
            _directory, _json,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            new Output(host, "verify", parsed.GetValue(_json)),
            parsed.GetRequiredValue(_directory),
            (environment, output) => VerifyCommand.RunAsync(environment, output, cancel)));
        return command;
    }

    private Command Dump()
    {
        Option<ulong?> from = new("--from") { Description = "The first LSN.", HelpName = "LSN" };
        Option<ulong?> to = new("--to") { Description = "The last LSN.", HelpName = "LSN" };
        Option<ushort?> type = new("--type") { Description = "Records of this type only.", HelpName = "N" };
        Option<string> format = new("--format")
        {
            Description = "How to print payloads.",
            DefaultValueFactory = _ => "hex",
        };
        format.AcceptOnlyFromAmong("hex", "text", "json");
        Option<bool> notDurable = new("--not-durable")
        {
            Description = "Also what is written but not promised durable.",
        };
        Option<bool> follow = new("--follow") { Description = "Wait for more instead of ending." };
        var command = new Command("dump", "Prints records, one a line. Changes nothing.")
        {
            _directory, from, to, type, format, notDurable, follow, _json,
        };
        command.SetAction((parsed, cancel) =>
        {
            bool json = parsed.GetValue(_json) || parsed.GetValue(format) == "json";
            var request = new DumpRequest(
                parsed.GetValue(from) ?? 1,
                parsed.GetValue(to) ?? ulong.MaxValue,
                parsed.GetValue(type),
                json ? "json" : parsed.GetRequiredValue(format),
                parsed.GetValue(notDurable),
                parsed.GetValue(follow));
            return RunAsync(
                new Output(host, "dump", json, isStream: true),
                parsed.GetRequiredValue(_directory),
                (environment, output) => DumpCommand.RunAsync(environment, output, request, cancel));
        });
        return command;
    }

    private Command Repair()
    {
        Option<ulong> last = new("--truncate-at")
        {
            Description = "The LSN that shall be the last. Everything above it is taken out, into .torn files.",
            HelpName = "LSN",
            Required = true,
        };
        Option<bool> dryRun = new("--dry-run") { Description = "Say what would be lost, and change nothing." };
        Option<bool> yes = new("--yes") { Description = "Do it." };
        Option<bool> withoutEvidence = new("--without-evidence")
        {
            Description = "Cut also if there is no space to keep the cut bytes.",
        };
        Option<bool> anyFileSystem = new("--allow-unsafe-file-system")
        {
            Description = "Where there are no dependable locks: nothing else has the log open.",
        };
        var command = new Command("repair", "Cuts a log after a record, once a person has decided what to give up.")
        {
            _directory, last, dryRun, yes, withoutEvidence, anyFileSystem, _json,
        };
        command.SetAction((parsed, _) => RunAsync(
            new Output(host, "repair", parsed.GetValue(_json)),
            parsed.GetRequiredValue(_directory),
            (environment, output) => Task.FromResult(RepairCommand.Run(environment, output, new RepairRequest(
                parsed.GetValue(last),
                parsed.GetValue(dryRun),
                parsed.GetValue(yes),
                parsed.GetValue(withoutEvidence),
                parsed.GetValue(anyFileSystem))))));
        return command;
    }

    private Command Cursors()
    {
        var command = new Command("cursors", "Who has read how far, and keeps what from truncation. Changes nothing.")
        {
            _directory, _json,
        };
        command.SetAction((parsed, _) => RunAsync(
            new Output(host, "cursors", parsed.GetValue(_json)),
            parsed.GetRequiredValue(_directory),
            (environment, output) => Task.FromResult(CursorsCommand.List(environment, output))));

        Option<string> to = new("--to")
        {
            Description = "oldest, newest, or the LSN up to which all is done with.",
            HelpName = "PLACE",
            Required = true,
        };
        command.Subcommands.Add(ChangeCursor("drop", "Deletes a cursor: it holds back nothing any more.", null));
        command.Subcommands.Add(ChangeCursor("reset", "Moves a cursor, or mends one whose file is damaged.", to));
        return command;
    }

    private Command ChangeCursor(string name, string description, Option<string>? to)
    {
        Argument<string> directory = new("DIR") { Description = "The log's directory; the log must not be open." };
        Argument<string> cursor = new("NAME") { Description = "The cursor." };
        Option<bool> yes = new("--yes") { Description = "Do it." };
        Option<bool> json = new("--json") { Description = "Print JSON; docs/tool.md has its shape." };
        Option<bool> anyFileSystem = new("--allow-unsafe-file-system")
        {
            Description = "Where there are no dependable locks: nothing else has the log open.",
        };
        var command = new Command(name, description) { directory, cursor, yes, anyFileSystem, json };
        if (to is not null)
        {
            command.Options.Add(to);
        }

        command.SetAction((parsed, _) => RunAsync(
            new Output(host, $"cursors {name}", parsed.GetValue(json)),
            parsed.GetRequiredValue(directory),
            (environment, output) => Task.FromResult(CursorsCommand.Change(environment, output, new CursorRequest(
                parsed.GetRequiredValue(cursor),
                to is null ? null : parsed.GetRequiredValue(to),
                parsed.GetValue(yes),
                parsed.GetValue(anyFileSystem))))));
        return command;
    }

    /// <summary>Runs a command and turns what it throws into an error and an exit code.</summary>
    private async Task<int> RunAsync(Output output, string directory, Func<WalEnvironment, Output, Task<int>> run)
    {
        WalEnvironment environment = host.EnvironmentOf(directory);
        try
        {
            return await run(environment, output);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (WalCorruptException damage)
        {
            output.Fail(ExitCode.Corrupt, damage, Advice.For(environment, damage, directory));
            return ExitCode.Corrupt;
        }
        catch (Exception refused) when (refused is WalInUseException or WalFullException)
        {
            output.Fail(ExitCode.Refused, refused, refused is WalFullException ? "Or add --without-evidence." : null);
            return ExitCode.Refused;
        }
        catch (IOException failure)
        {
            bool isMissing = failure is StorageException { Error: StorageError.NotFound };
            output.Fail(ExitCode.Unreadable, failure, isMissing ? "Name a log's directory." : null);
            return ExitCode.Unreadable;
        }
        finally
        {
            environment.Storage.Dispose();
        }
    }
}
