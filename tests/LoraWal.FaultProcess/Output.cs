using System.Diagnostics;

namespace LoraWal.FaultProcess;

/// <summary>Lines for the test that started the process.</summary>
internal static class Output
{
    private static readonly Stream Standard = Console.OpenStandardOutput();

    /// <summary>Writes one line, by one system call.</summary>
    /// <returns>The exit code, for the caller's convenience.</returns>
    public static int Say(int code, string line)
    {
        Standard.Write(System.Text.Encoding.UTF8.GetBytes(line.ReplaceLineEndings(" ") + "\n"));
        return code;
    }

    /// <summary>Notes an acknowledgement, with the time after it.</summary>
    public static void Acknowledge(string kind, Lsn lsn) =>
        Say(0, $"{kind} {lsn} {Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency)}");
}
