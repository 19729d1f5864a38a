namespace LoraWal.Log;

/// <summary>Ends the threads and the meter of a log whose handle was dropped without being disposed of. Held by that
/// handle alone.</summary>
internal sealed class AbandonedLog(LogCore core) : IDisposable
{
    ~AbandonedLog()
    {
        core.EndThreads();
        core.Meter.Dispose();
    }

    /// <summary>The log has been closed.</summary>
    public void Dispose() => GC.SuppressFinalize(this);
}
