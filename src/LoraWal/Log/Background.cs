namespace LoraWal.Log;

/// <summary>Turns work on another thread into a task.</summary>
internal static class Background
{
    /// <summary>Runs work on the scheduler. The task's continuations do not run on the work's thread, unless the
    /// scheduler lets them.</summary>
    public static Task<T> RunAsync<T>(IWorkScheduler scheduler, string name, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(
            scheduler.IsSingleThreaded
                ? TaskCreationOptions.None
                : TaskCreationOptions.RunContinuationsAsynchronously);
        scheduler.Run(name, () =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        return done.Task;
    }
}
