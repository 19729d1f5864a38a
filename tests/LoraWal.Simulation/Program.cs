using System.Globalization;

namespace LoraWal.Simulation;

/// <summary>Runs the crash simulation for as long as one likes.</summary>
internal static class Program
{
    private const string Usage =
        """
        Runs the crash simulation, seed by seed, until all are done or one breaks a promise.

          --seeds N     how many (default 100_000)
          --first N     where they begin (default 1)
          --workers N   threads (default: one a processor)
          --seed N      replays one seed, and shows what happens

        Exit code: 0 every promise was kept, 1 one was broken, 2 the arguments are wrong.
        """;

    private static int Main(string[] arguments)
    {
        Dictionary<string, long> options = new()
        {
            ["--seeds"] = 100_000,
            ["--first"] = 1,
            ["--workers"] = Environment.ProcessorCount,
            ["--seed"] = -1,
        };
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (!options.ContainsKey(arguments[i]) || i + 1 == arguments.Length
                || !TryParse(arguments[i + 1], out long value))
            {
                Console.Error.WriteLine(Usage);
                return 2;
            }

            options[arguments[i]] = value;
        }

        return options["--seed"] >= 0
            ? Replay(options["--seed"])
            : Run(options["--first"], options["--seeds"], (int)options["--workers"]);
    }

    private static bool TryParse(string text, out long value) => long.TryParse(
        text.Replace("_", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static int Replay(long seed)
    {
        string? failure = CrashSimulation.Describe(seed, out IReadOnlyList<string> history);
        Console.WriteLine(string.Join(Environment.NewLine, history));
        Console.WriteLine(failure ?? $"seed {seed}: every promise was kept");
        return failure is null ? 0 : 1;
    }

    private static int Run(long first, long seeds, int workers)
    {
        var run = new SeedRun(first, seeds, workers);
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            run.Stop();
        };
        long start = TimeProvider.System.GetTimestamp();
        run.Start();
        run.Wait(() =>
        {
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            SimulationTotals now = run.Totals();
            Print($"{seconds,7:0} s  {now.Seeds,14:N0} of {seeds:N0} seeds, {now.Seeds / seconds * 60:N0} a minute");
        });

        SimulationTotals totals = run.Totals();
        double minutes = TimeProvider.System.GetElapsedTime(start).TotalMinutes;
        Print($"{totals}; {minutes:0.0} minutes, {workers} threads");
        Console.WriteLine(run.Failure ?? "Every promise was kept.");
        return run.Failure is null ? 0 : 1;
    }

    private static void Print(FormattableString line) => Console.WriteLine(FormattableString.Invariant(line));
}
