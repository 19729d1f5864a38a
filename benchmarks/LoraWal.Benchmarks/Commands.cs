using LoraWal.Benchmarks.Guard;
using LoraWal.Benchmarks.Machines;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Micro;
using LoraWal.Benchmarks.Report;
using LoraWal.Benchmarks.Workloads;

namespace LoraWal.Benchmarks;

/// <summary>The command line.</summary>
internal static class Commands
{
    private const int UsageError = 2;

    private const string Usage = """
        compare [--quick] [--only NAME,...] [--dir DIRECTORY] [--json FILE]
            every workload, LoraWal beside its peers and the floor; NAME is a group (durable, transactions, written,
            buffered, slow, replay, open) or the id of one workload
        table FILE [--into PAGE]     a JSON file of compare as Markdown, or put between the marks of a page
        chart FILE OUT.svg           a JSON file of compare as a picture
        micro [ARGUMENTS]            encode, decode, checksum and append under BenchmarkDotNet; its own arguments
        machine [--dir DIRECTORY]    a state machine: executed commands beside plain commits, and what a start takes
        guard [--dir DIRECTORY]      ratios that a lost optimisation would lower; exit code 1 if one is too low
        """;

    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            switch (arguments.FirstOrDefault())
            {
                case "compare":
                    return await CompareAsync(arguments);
                case "table":
                    return Table(arguments);
                case "chart":
                    await File.WriteAllTextAsync(
                        Operand(arguments, 2), new Chart(CompareReport.Load(Operand(arguments, 1))).Draw());
                    return 0;
                case "micro":
                    MicroRun.Run(arguments[1..]);
                    return 0;
                case "machine":
                    using (WorkDirectory directory = new(Option(arguments, "--dir")))
                    {
                        await new MachineRun(directory.Path).RunAsync();
                        return 0;
                    }

                case "guard":
                    using (WorkDirectory directory = new(Option(arguments, "--dir")))
                    {
                        return await new GuardRun(directory.Path).RunAsync() == 0 ? 0 : 1;
                    }

                case ChildProcess.Command:
                    return ChildCommand.Run(arguments[1..]);
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return UsageError;
            }
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or InvalidDataException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return UsageError;
        }
    }

    private static async Task<int> CompareAsync(string[] arguments)
    {
        Plan plan = arguments.Contains("--quick") ? Plan.Quick : Plan.Full;
        string[] only = Option(arguments, "--only")?.Split(',') ?? [];
        using WorkDirectory directory = new(Option(arguments, "--dir"));
        string? path = Option(arguments, "--json");
        CompareReport report = await new CompareRun(directory.Path, plan, only).RunAsync(report =>
        {
            if (path is not null)
            {
                report.Save(path);
            }
        });
        Console.WriteLine(Tables.Terminal(report));
        return 0;
    }

    private static int Table(string[] arguments)
    {
        CompareReport report = CompareReport.Load(Operand(arguments, 1));
        if (Option(arguments, "--into") is string page)
        {
            Tables.PutInto(page, report);
        }
        else
        {
            Console.Write(Tables.Page(report));
        }

        return 0;
    }

    private static string Operand(string[] arguments, int place) =>
        arguments.Length > place ? arguments[place] : throw new ArgumentException("A file is missing.\n" + Usage);

    private static string? Option(string[] arguments, string name)
    {
        int at = Array.IndexOf(arguments, name);
        return at < 0 ? null : Operand(arguments, at + 1);
    }
}
