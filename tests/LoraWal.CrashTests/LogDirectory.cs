namespace LoraWal.CrashTests;

/// <summary>A directory for one test's log, on the real disk.</summary>
internal sealed class LogDirectory : IDisposable
{
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("lorawal-");

    /// <summary>A directory beside the log.</summary>
    public string Parent => _parent.FullName;

    public string Path => System.IO.Path.Combine(_parent.FullName, "log");

    /// <summary>The first segment's file.</summary>
    public string FirstSegment => System.IO.Path.Combine(Path, "0000000001.wal");

    public void Dispose() => _parent.Delete(recursive: true);
}
