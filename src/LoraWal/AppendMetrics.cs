using LoraWal.Diagnostics;

namespace LoraWal;

/// <summary>Times appends, when somebody listens.</summary>
internal static class AppendMetrics
{
    public static bool AreWanted(WalMeter meter) =>
        meter.AppendDuration.Enabled || meter.CommitDurableDuration.Enabled || meter.AppendSize.Enabled;

    public static async ValueTask<Lsn> MeasureAsync(
        ValueTask<Lsn> task, WalMeter meter, TimeProvider time, long start, long bytes, AppendDurability need)
    {
        Lsn lsn = await task.ConfigureAwait(false);
        Record(meter, time.GetElapsedTime(start), bytes, need);
        return lsn;
    }

    public static void Record(WalMeter meter, TimeSpan took, long bytes, AppendDurability need)
    {
        meter.AppendDuration.Record(took.TotalSeconds);
        meter.AppendSize.Record(bytes);
        if (need == AppendDurability.Durable)
        {
            meter.CommitDurableDuration.Record(took.TotalSeconds);
        }
    }

    /// <summary>Whether a failure is the outcome of the call, rather than a mistake in it.</summary>
    public static bool BelongsInTask(Exception failure) =>
        failure is WalException or ObjectDisposedException or OperationCanceledException;
}
