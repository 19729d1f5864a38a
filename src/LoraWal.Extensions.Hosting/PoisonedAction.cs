namespace LoraWal.Extensions.Hosting;

/// <summary>What the host does when its log is poisoned.</summary>
public enum PoisonedAction
{
    /// <summary>Nothing: the health checks tell, and appends throw.</summary>
    None = 0,

    /// <summary>Sets the exit code to <see cref="LoraWalOptions.PoisonedExitCode"/> and stops the host.</summary>
    StopHost = 1,
}
