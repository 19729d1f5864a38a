namespace LoraWal.TestSupport;

/// <summary>A directory on the real disk, deleted with what is in it when disposed of.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("lorawal-").FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // a file that is still open somewhere: the operating system's to clean up
        }
    }
}
