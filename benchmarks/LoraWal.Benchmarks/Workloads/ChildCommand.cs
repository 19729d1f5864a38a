using System.Globalization;
using LoraWal.Benchmarks.Measuring;
using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>What this program does as its own child.</summary>
internal static class ChildCommand
{
    /// <param name="arguments">The work, the contender, the directory, and one more of the work's own.</param>
    public static int Run(string[] arguments)
    {
        (string work, IContender contender, string directory, string more) =
            (arguments[0], Contenders.Named(arguments[1]), arguments[2], arguments[3]);
        switch (work)
        {
            case Filling.Child:
                ChildProcess.Say(Filling.Run(contender, directory, more));
                return 0;
            case ReplayWorkload.Child:
                ChildProcess.Say(ReplayWorkload.Measure(contender, directory));
                return 0;
            case SlowSyncWorkload.Child:
                ChildProcess.Say(SlowSyncWorkload.Measure(contender, directory, Enum.Parse<Promise>(more)));
                Environment.Exit(0);
                return 0;
            case OpenWorkload.Child:
                OpenWorkload.LeaveOpen(contender, directory, int.Parse(more, CultureInfo.InvariantCulture));
                return 0;
            default:
                throw new ArgumentException($"There is no child's work {work}.", nameof(arguments));
        }
    }
}
