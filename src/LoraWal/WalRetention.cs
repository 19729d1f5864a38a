using LoraWal.Log;

namespace LoraWal;

/// <summary>Keeps a log within limits, for those that have no snapshots: by age, by bytes, by records.</summary>
/// <remarks>
/// <para>What goes are whole sealed segments, by <see cref="Wal.TruncateAsync"/>: never the active one, nothing that is
/// not durable, nothing that truncation holds back for a reader's sake.</para>
/// <para>Nothing above the newest checkpoint goes, once there is one: it says that a snapshot ends there, and that the
/// records above it are needed to start again.</para>
/// </remarks>
public static class WalRetention
{
    /// <summary>Truncates the log once, as far as the limits say.</summary>
    /// <param name="wal">The log.</param>
    /// <param name="limits">What is kept.</param>
    /// <param name="cancellationToken">Stops the wait before the first deletion.</param>
    /// <returns>What was deleted.</returns>
    /// <remarks><b>Durability.</b> As for <see cref="IWal.TruncateAsync"/>. Reads no records: all it needs is in
    /// memory.</remarks>
    /// <exception cref="ArgumentException">A limit is out of its range.</exception>
    /// <exception cref="WalFullException">The marker of the truncation found no space. Nothing was deleted.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned. Nothing was deleted.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    public static ValueTask<TruncateResult> ApplyRetentionAsync(
        this Wal wal, WalRetentionOptions limits, CancellationToken cancellationToken = default)
    {
        RetentionRunner runner = RunnerOf(wal, limits, needsCheckpoint: false);
        cancellationToken.ThrowIfCancellationRequested();
        return runner.PassAsync(wal.Status.CheckpointLsn.Value, cancellationToken);
    }

    /// <summary>Applies the limits at once, and then in every <see cref="WalRetentionOptions.Interval"/> of the log's
    /// clock. A pass that fails is logged, and made again after the next interval.</summary>
    /// <param name="wal">The log.</param>
    /// <param name="limits">What is kept, and how often. Not to be changed while this runs.</param>
    /// <param name="cancellationToken">Ends the task, without an exception.</param>
    /// <returns>A task that ends when it is cancelled, or when the log is closed or poisoned. It keeps the log
    /// alive.</returns>
    /// <exception cref="ArgumentException">A limit is out of its range.</exception>
    public static Task RunRetentionAsync(
        this Wal wal, WalRetentionOptions limits, CancellationToken cancellationToken = default) =>
        RunRetentionAsync(wal, limits, needsCheckpoint: false, cancellationToken);

    /// <summary>The same, for a host that knows whether somebody replays the log.</summary>
    internal static Task RunRetentionAsync(
        Wal wal, WalRetentionOptions limits, bool needsCheckpoint, CancellationToken cancellationToken) =>
        RunnerOf(wal, limits, needsCheckpoint).RunAsync(() => wal.Status.CheckpointLsn.Value, cancellationToken);

    private static RetentionRunner RunnerOf(Wal wal, WalRetentionOptions limits, bool needsCheckpoint)
    {
        ArgumentNullException.ThrowIfNull(wal);
        ArgumentNullException.ThrowIfNull(limits);
        foreach ((string name, object value, string range) in limits.Violations())
        {
            throw new ArgumentException(
                $"{nameof(WalRetentionOptions)}.{name} is '{value}'; it must be {range}.", nameof(limits));
        }

        return new RetentionRunner(wal.Parts.Core, wal.TruncateAsync, limits, needsCheckpoint);
    }
}
