using System.Diagnostics;
using System.Globalization;

namespace LoraWal.Benchmarks.Machines;

/// <summary>What a state machine costs: executed commands beside plain commits of the same run, and the time of a start
/// by the records above its snapshot and by the snapshot's size.</summary>
internal sealed class MachineRun(string root)
{
    private const int Callers = 64;
    private const int PayloadBytes = 100;
    private const int Rounds = 5;
    private const long Mebibyte = 1024 * 1024;
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(1);

    private int _directories;

    public async Task RunAsync()
    {
        List<double> plain = [];
        List<double> executed = [];
        for (int round = 0; round < Rounds; round++)
        {
            plain.Add(await CommitsAsync(isExecuted: false));
            executed.Add(await CommitsAsync(isExecuted: true));
        }

        Say($"{Callers} callers under PerCommit, {PayloadBytes} B, medians of {Rounds} rounds in turns:");
        Say($"  plain commits      {Median(plain),12:N0}/s  ({plain.Min():N0} .. {plain.Max():N0})");
        Say($"  executed commands  {Median(executed),12:N0}/s  ({executed.Min():N0} .. {executed.Max():N0})");
        Say($"  ratio              {Median(executed) / Median(plain),12:0.00}");
        Say($"");
        Say($"| records above the snapshot | snapshot | time to start |");
        Say($"|---|---|---|");
        foreach ((long records, long mebibytes) in new (long, long)[]
        {
            (100_000, 0), (1_000_000, 0), (4_000_000, 0), (0, 16), (0, 128), (0, 1024), (1_000_000, 128),
        })
        {
            Say($"| {records:N0} | {mebibytes:N0} MiB | {await StartAsync(records, mebibytes * Mebibyte):N0} ms |");
        }
    }

    private async Task<double> CommitsAsync(bool isExecuted)
    {
        await using Wal wal = await OpenAsync(NewDirectory(), SyncMode.PerCommit);
        await using WalStateMachine<CountingMachine> machine = await WalStateMachine.OpenAsync(
            wal, new CountingMachine(0), new SnapshotOptions { EveryBytes = 0, OnShutdown = false });
        long start = Stopwatch.GetTimestamp();
        long[] counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            byte[] payload = new byte[PayloadBytes];
            long count = 0;
            for (; Stopwatch.GetElapsedTime(start) < RoundTime; count++)
            {
                await (isExecuted ? machine.ExecuteAsync(payload) : wal.AppendAsync(payload));
            }

            return count;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private async Task<double> StartAsync(long records, long snapshotBytes)
    {
        string directory = NewDirectory();
        var options = new SnapshotOptions { EveryBytes = 0, OnShutdown = false };
        await using (Wal wal = await OpenAsync(directory, SyncMode.GroupSync))
        {
            await using WalStateMachine<CountingMachine> machine =
                await WalStateMachine.OpenAsync(wal, new CountingMachine(snapshotBytes), options);
            byte[] payload = new byte[PayloadBytes];
            await machine.ExecuteAsync(payload);
            await machine.CheckpointAsync();
            using var batch = new WalBatch();
            for (long i = 0; i < records; i += batch.Count)
            {
                batch.Clear();
                while (batch.Count < 100)
                {
                    batch.Add(payload);
                }

                await wal.CommitAsync(batch);
            }
        }

        long start = Stopwatch.GetTimestamp();
        await using Wal again = await OpenAsync(directory, SyncMode.GroupSync);
        await using WalStateMachine<CountingMachine> back =
            await WalStateMachine.OpenAsync(again, new CountingMachine(snapshotBytes), options);
        double took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        long found = back.Read(machine => machine.Count);
        return found == records + 1
            ? took
            : throw new InvalidDataException($"{records + 1} records were appended, the machine has {found}.");
    }

    private static ValueTask<Wal> OpenAsync(string directory, SyncMode mode) =>
        Wal.OpenAsync(new WalOptions { Directory = directory, SyncMode = mode });

    private string NewDirectory()
    {
        string before = Path.Combine(root, $"machine-{_directories}");
        if (Directory.Exists(before))
        {
            Directory.Delete(before, recursive: true);
        }

        return Path.Combine(root, $"machine-{++_directories}");
    }

    private static double Median(List<double> rates) => rates.Order().ElementAt(rates.Count / 2);

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
