using System.Diagnostics;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;
using LoraWal.Benchmarks.Workloads;

namespace LoraWal.Benchmarks.Report;

/// <summary>Lets all contenders do all the work in turns (A B C A B C ...), so that the machine's mood touches all
/// alike. One that fails is reported as absent, with the reason.</summary>
internal sealed class CompareRun(string root, Plan plan, IReadOnlyCollection<string> only)
{
    /// <param name="save">Called after each workload: a run that is cut short leaves what it has.</param>
    public async Task<CompareReport> RunAsync(Action<CompareReport> save)
    {
        long start = Stopwatch.GetTimestamp();
        List<Row> rows = [];
        IWorkload[] workloads = [.. Catalogue.Of(plan).Where(workload =>
            only.Count == 0 || only.Contains(workload.Group) || only.Contains(workload.Id))];
        await WarmUpAsync(workloads.OfType<AppendWorkload>());
        foreach (IWorkload workload in workloads)
        {
            await Console.Error.WriteLineAsync(
                $"{Stopwatch.GetElapsedTime(start).TotalSeconds,4:0} s  {workload.Title}");
            rows.AddRange(await RunAsync(workload));
            save(ReportOf(rows, start));
        }

        return ReportOf(rows, start);
    }

    /// <summary>Once each way of appending that will be measured, so that no round is the compiler's.</summary>
    private async Task WarmUpAsync(IEnumerable<AppendWorkload> workloads)
    {
        foreach (AppendWorkload workload in workloads.DistinctBy(one => (one.Group, one.IsAsync)))
        {
            foreach (IContender contender in Contenders.All.Where(workload.Takes))
            {
                string directory = Path.Combine(root, contender.Name);
                try
                {
                    await workload.RunAsync(contender, directory);
                }
                catch (Exception exception)
                {
                    await Console.Error.WriteLineAsync($"        {contender.Name}: {Reason(exception)}"); // again later
                }

                Delete(directory);
            }
        }
    }

    private CompareReport ReportOf(IReadOnlyList<Row> rows, long start) =>
        new(
            Machine.Describe(root), DateTimeOffset.UtcNow, plan.IsQuick, plan.Rounds, plan.Time.TotalSeconds,
            Stopwatch.GetElapsedTime(start).TotalSeconds,
            [.. Contenders.All.Select(contender => new Participant(contender.Name, contender.Facts))],
            rows);

    private async Task<IEnumerable<Row>> RunAsync(IWorkload workload)
    {
        List<Entry> entries = [.. Contenders.All.Where(workload.Takes).Select(contender => new Entry(contender))];
        for (int round = 0; round < workload.Rounds; round++)
        {
            foreach (Entry entry in entries.Where(entry => entry.Absent is null))
            {
                string directory = Path.Combine(root, entry.Contender.Name);
                try
                {
                    if (round == 0)
                    {
                        entry.Prepared = await workload.PrepareAsync(entry.Contender, directory);
                    }

                    entry.Rounds.Add(await workload.RunAsync(entry.Contender, directory));
                }
                catch (Exception exception)
                {
                    // Any contender may fail in any way of its own; the others go on.
                    entry.Absent = Reason(exception);
                    await Console.Error.WriteLineAsync($"        {entry.Contender.Name}: {entry.Absent}");
                }

                if (!workload.KeepsDirectory || entry.Absent is not null)
                {
                    Delete(directory);
                }
            }
        }

        entries.ForEach(entry => Delete(Path.Combine(root, entry.Contender.Name)));
        return entries.Select(entry => new Row(
            workload.Id, workload.Group, workload.Title, entry.Contender.Name, entry.Absent, Spreads(entry)));
    }

    private static Dictionary<string, Spread> Spreads(Entry entry) =>
        entry.Rounds
            .SelectMany(round => round.Concat(entry.Prepared.Where(pair => !round.ContainsKey(pair.Key))))
            .GroupBy(pair => pair.Key, pair => pair.Value)
            .ToDictionary(values => values.Key, values => Spread.Of(values));

    private static void Delete(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string Reason(Exception exception)
    {
        while (exception is TypeInitializationException or AggregateException
            or System.Reflection.TargetInvocationException && exception.InnerException is not null)
        {
            exception = exception.InnerException!;
        }

        return $"{exception.GetType().Name}: {exception.Message.Split('\n')[0].Trim()}";
    }

    private sealed class Entry(IContender contender)
    {
        public IContender Contender { get; } = contender;

        public Dictionary<string, double> Prepared { get; set; } = [];

        public List<Dictionary<string, double>> Rounds { get; } = [];

        public string? Absent { get; set; }
    }
}
