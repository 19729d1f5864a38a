namespace LoraWal.Log;

/// <summary>Ends the threads of a log whose handle was dropped without being disposed of. Held by that handle
/// alone.</summary>
internal sealed class AbandonedLog(LogCore core) : IDisposable
{
    ~AbandonedLog() => core.EndThreads();

    /// <summary>The log has been closed.</summary>
    public void Dispose() => GC.SuppressFinalize(this);
}
