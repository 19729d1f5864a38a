using System.Globalization;
using LoraWal.Recovery;

namespace LoraWal.Cli;

/// <summary>What a person can do next about a log that opening refuses.</summary>
internal static class Advice
{
    /// <summary>One sentence or two.</summary>
    public static string For(WalEnvironment environment, IOException problem, string directory)
    {
        if (problem is not WalCorruptException damage)
        {
            return "Nothing can be said of the log until it can be read: look after the disk, then try again.";
        }

        string copy = "Copy the directory before anything else. Best restore the damaged file from a backup. ";
        return RepairPlan.Suggest(environment.Storage, damage) is { } lsn
            ? copy + string.Create(
                CultureInfo.InvariantCulture,
                $"To give up every record above LSN {lsn} instead, look at: lorawal repair {directory} "
                    + $"--truncate-at {lsn} --dry-run")
            : copy + "Cutting the log at that place would not make it open: see lorawal verify for all that is wrong.";
    }
}
