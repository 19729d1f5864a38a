namespace LoraWal.Benchmarks;

/// <summary>Where a run writes: a new directory on the disk to measure, gone when the run ends, however it
/// ends.</summary>
internal sealed class WorkDirectory : IDisposable
{
    private static int _made;

    /// <param name="parent">On the disk to measure. Default: beside the program. WHY NOT the temporary directory: it is
    /// often in memory.</param>
    public WorkDirectory(string? parent)
    {
        Path = System.IO.Path.Combine(
            System.IO.Path.GetFullPath(parent ?? AppContext.BaseDirectory),
            $"bench-data-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");
        Directory.CreateDirectory(Path);
        Console.CancelKeyPress += (_, _) => Dispose();
    }

    public string Path { get; }

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
