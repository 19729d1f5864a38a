namespace LoraWal.CrashTests;

/// <summary>How the fault process is started.</summary>
internal static class FaultProgram
{
    private static readonly Lazy<string[]> Native = new(Publish);

    /// <summary>Program and first arguments.</summary>
    public static string[] Managed => [Host, Path.Combine(AppContext.BaseDirectory, "LoraWal.FaultProcess.dll")];

    /// <summary>The same for who starts it a thousand times: in the long suites it is compiled ahead of time, and
    /// starts in a tenth of the time.</summary>
    public static string[] Fast => Deep.IsOn ? Native.Value : Managed;

    private static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static string[] Publish()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "LoraWal.sln")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("This is not the repository.");
        }

        string target = Path.Combine(AppContext.BaseDirectory, "native");
        (int code, string output) = Shell.Try(
            Host,
            "publish",
            Path.Combine(root, "tests", "LoraWal.FaultProcess"),
            "-c",
            "Release",
            "--use-current-runtime",
            "-p:PublishAot=true",
            "--artifacts-path",
            Path.Combine(target, "artifacts"),
            "-o",
            target);
        Assert.True(code == 0, $"The fault process cannot be compiled ahead of time: {output}");
        return [Path.Combine(target, "LoraWal.FaultProcess")];
    }
}
