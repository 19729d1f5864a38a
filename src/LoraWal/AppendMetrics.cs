using LoraWal.Diagnostics;

namespace LoraWal;

/// <summary>Times appends, when somebody listens.</summary>
internal static class AppendMetrics
{
    public static async ValueTask<Lsn> MeasureAsync(
        ValueTask<Lsn> task, WalMeter meter, TimeProvider time, long start, long bytes, AppendDurability need)
    {
        Lsn lsn = await task.ConfigureAwait(false);
        meter.Appended(time.GetElapsedTime(start), bytes, need == AppendDurability.Durable);
        return lsn;
    }

    /// <summary>Whether a failure is the outcome of the call, rather than a mistake in it.</summary>
    public static bool BelongsInTask(Exception failure) =>
        failure is WalException or ObjectDisposedException or OperationCanceledException;
}
