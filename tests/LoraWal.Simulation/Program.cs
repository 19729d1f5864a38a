using System.Globalization;

namespace LoraWal.Simulation;

/// <summary>Runs seeds of the crash simulation until they are done or one breaks a promise.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        long seeds = long.Parse(arguments[1].Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        long start = TimeProvider.System.GetTimestamp();
        for (long seed = 1; seed <= seeds; seed++)
        {
            CrashSimulation.Run(seed);
        }

        Console.WriteLine($"{seeds} in {TimeProvider.System.GetElapsedTime(start)}");
        return 0;
    }
}
