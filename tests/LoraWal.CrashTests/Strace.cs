using System.ComponentModel;
using System.Diagnostics;

namespace LoraWal.CrashTests;

/// <summary>Whether system calls can be made to fail here.</summary>
internal static class Strace
{
    private static readonly Lazy<string?> Missing = new(Probe);

    public static void SkipIfMissing() => Assert.SkipUnless(Missing.Value is null, Missing.Value ?? "");

    /// <summary>The beginning of a command line under strace.</summary>
    /// <param name="inject">What it does to which calls; null: it only writes them down.</param>
    /// <param name="output">Where it writes down the calls.</param>
    /// <param name="paths">Only calls on these files; none: all calls.</param>
    public static string[] Command(string? inject, string output, IReadOnlyCollection<string> paths)
    {
        SkipIfMissing();
        List<string> command = ["strace", "-f", "-qq", "-y", "-s", "0", "-o", output];
        if (inject is not null)
        {
            string call = inject[..inject.IndexOf(':', StringComparison.Ordinal)];
            command.AddRange("-e", "trace=" + call, "-e", "inject=" + inject);

            // Without a stop at every other call it costs a third of the time; but signals are not injected then.
            command.AddRange(inject.Contains("signal=", StringComparison.Ordinal) ? [] : ["--seccomp-bpf"]);
        }

        foreach (string path in paths)
        {
            command.AddRange("-P", path);
        }

        return [.. command, "--"];
    }

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "System calls are made to fail by strace, which only Linux has.";
        }

        try
        {
            string[] arguments = ["-qq", "-o", "/dev/null", "-e", "inject=sync:error=EIO", "true"];
            var start = new ProcessStartInfo("strace", arguments)
            {
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"strace may not trace here: {errors}";
        }
        catch (Win32Exception)
        {
            return "strace is not installed.";
        }
    }
}
