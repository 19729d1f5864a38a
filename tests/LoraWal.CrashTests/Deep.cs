namespace LoraWal.CrashTests;

/// <summary>The long suites: only with <c>LORAWAL_DEEP=1</c>, and where their instruments exist.</summary>
internal static class Deep
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("LORAWAL_DEEP") == "1";

    private static bool IsBuildServer { get; } = Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>Skips the test, with the reason, unless the long suites are asked for and possible. On the build
    /// server what is missing is a failure: a suite must not vanish unnoticed.</summary>
    /// <param name="instruments">Programs, devices by their full path, and plugins as in "nbdkit python".</param>
    public static void SkipUnlessPossible(params string[] instruments)
    {
        Assert.SkipUnless(IsOn, "It takes long, and needs loop devices and mounts: set LORAWAL_DEEP=1.");
        string[] missing = [.. instruments.Where(IsMissing)];
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            missing = [.. missing, "root on Linux"];
        }

        string reason = $"Missing here: {string.Join(", ", missing)}.";
        Assert.False(IsBuildServer && missing.Length > 0, reason);
        Assert.SkipWhen(missing.Length > 0, reason);
    }

    /// <summary>As many as in the long suites, or as in the short ones.</summary>
    public static int Pick(int deep, int quick) => IsOn ? deep : quick;

    /// <summary>Notes figures that the documentation quotes.</summary>
    public static void Figures(string figures) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"figures: {figures}");

    private static bool IsMissing(string instrument)
    {
        if (instrument.StartsWith("nbdkit ", StringComparison.Ordinal))
        {
            return !Shell.Has("nbdkit") || Shell.Try("nbdkit", instrument.Split(' ')[1], "--version").Code != 0;
        }

        return instrument.StartsWith('/') ? !Path.Exists(instrument) : !Shell.Has(instrument);
    }
}
