namespace LoraWal.Extensions.Hosting;

/// <summary>What opening the host's log found. Registered beside <see cref="IWal"/>, with the same key.</summary>
/// <threadsafety>May be used by any number of threads at once.</threadsafety>
public interface IWalRecovery
{
    /// <summary>The report of the log's open; null before it is open, and of a log that is switched off.</summary>
    RecoveryReport? Report { get; }
}
