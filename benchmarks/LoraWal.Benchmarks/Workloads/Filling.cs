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
            parts[2] == Lone);
        return [];
    }

    public static void Fill(ILog log, byte[] payload, long records, bool oneByOne)
    {
        for (long done = 0; done < records;)
        {
            if (oneByOne)
            {
                log.Append(payload);
                done++;
                continue;
            }

            int count = (int)Math.Min(TransactionRecords, records - done);
            log.AppendMany(payload, count);
            done += count;
        }
    }
}
