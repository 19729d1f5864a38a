using System.ComponentModel;
using System.Diagnostics;

namespace LoraWal.CrashTests;

/// <summary>Whether system calls can be made to fail here.</summary>
internal static class Strace
{
    private static readonly Lazy<string?> Missing = new(Probe);

    public static void SkipIfMissing() => Assert.SkipUnless(Missing.Value is null, Missing.Value ?? "");

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
