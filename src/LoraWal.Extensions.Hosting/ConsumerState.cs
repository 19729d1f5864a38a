namespace LoraWal.Extensions.Hosting;

/// <summary>What the health check knows of a consumer.</summary>
internal sealed class ConsumerState(string name)
{
    private volatile string? _problem;

    public string Name => name;

    /// <summary>Why it has stopped, with the LSN; null while it runs.</summary>
    public string? Problem => _problem;

    public void Stop(string problem) => _problem = problem;
}
