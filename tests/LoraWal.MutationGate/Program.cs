using System.Globalization;

namespace LoraWal.MutationGate;

/// <summary>Lists the planted bugs with the seeds that kill them; without <c>--list</c>, runs the tests.</summary>
internal static class Program
{
    private const string ListCommand = "--list";

    /// <param name="arguments">--list, perhaps a part of a bug's name, perhaps the seeds it may survive; else arguments
    /// of xunit's.</param>
    private static int Main(string[] arguments)
    {
        if (arguments is not [ListCommand, ..])
        {
            return Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments).GetAwaiter().GetResult();
        }

        string part = arguments.ElementAtOrDefault(1) ?? "";
        long seeds = arguments.Length < 3 ? Gate.Budget : long.Parse(arguments[2], CultureInfo.InvariantCulture);
        int killed = 0;
        int survived = 0;
        foreach ((int index, (string name, string _)) in PlantedBug.All.Index())
        {
            if (!name.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            Kill? kill = Gate.FindKill(index + 1, seeds);
            (killed, survived) = kill is null ? (killed, survived + 1) : (killed + 1, survived);
            Console.WriteLine(KillText.Of(index + 1, kill, seeds));
        }

        Console.WriteLine($"{killed} killed, {survived} survived");
        return survived == 0 ? 0 : 1;
    }
}
