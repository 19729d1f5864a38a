using System.Globalization;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>Makes a log to read or to open.</summary>
internal static class Filling
{
    public const string Child = "fill";
    private const string Lone = "lone";
    private const int TransactionRecords = 100;
    private const int SyncedRecords = 1000; // who syncs each commit would take minutes

    /// <summary>The cheapest promise the contender keeps: what counts is the log that it leaves.</summary>
    public static Promise PromiseOf(IContender contender) =>
        contender.Keeps(Promise.Written) ? Promise.Written
        : contender.Keeps(Promise.Buffered) ? Promise.Buffered
        : Promise.Durable;

    /// <summary>Fills in a process of its own: what a contender holds in memory, or a crash of it, is not the
    /// run's.</summary>
    public static Task RunAsync(
        IContender contender, string directory, int payloadBytes, long records, bool oneByOne) =>
        ChildProcess.RunAsync(
            [], Child, contender.Name, directory, $"{payloadBytes} {records} {(oneByOne ? Lone : "")}");

    /// <summary>The child.</summary>
    public static Dictionary<string, double> Run(IContender contender, string directory, string what)
    {
        string[] parts = what.Split(' ');
        using ILog log = contender.Open(directory, PromiseOf(contender));
        Fill(
            log,
            Payload.Of(int.Parse(parts[0], CultureInfo.InvariantCulture)),
            long.Parse(parts[1], CultureInfo.InvariantCulture),
            parts[2] == Lone ? 1 : PromiseOf(contender) == Promise.Durable ? SyncedRecords : TransactionRecords);
        return [];
    }

    public static void Fill(ILog log, byte[] payload, long records, int transactionRecords)
    {
        for (long done = 0; done < records;)
        {
            int count = (int)Math.Min(transactionRecords, records - done);
            if (count == 1)
            {
                log.Append(payload);
            }
            else
            {
                log.AppendMany(payload, count);
            }

            done += count;
        }
    }
}
