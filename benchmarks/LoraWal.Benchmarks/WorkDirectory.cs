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
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose(); // a signal that ends the run comes here, too
    }

    public string Path { get; }

    public void Dispose()
    {
        if (!Directory.Exists(Path))
        {
            return;
        }

        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException exception)
        {
            // Ended in the middle of work that still writes there.
            Console.Error.WriteLine($"Not all of {Path} could be deleted: {exception.Message}");
        }
    }
}
