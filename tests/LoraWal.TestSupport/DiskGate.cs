namespace LoraWal.TestSupport;

/// <summary>Holds calls on the simulated disk until it is released: a sync that hangs.</summary>
internal sealed class DiskGate
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first call has arrived at the gate.</summary>
    public Task Entered => _entered.Task;

    /// <summary>Lets every call through, those to come included. A crash of the disk does so too, and the calls that
    /// waited then throw <see cref="SimulatedCrashException"/>.</summary>
    public void Release() => _released.TrySetResult();

    /// <summary>Blocks the calling thread until the release.</summary>
    internal void Wait()
    {
        _entered.TrySetResult();
        _released.Task.GetAwaiter().GetResult();
    }
}
