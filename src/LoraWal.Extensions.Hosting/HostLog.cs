using Microsoft.Extensions.Logging;

namespace LoraWal.Extensions.Hosting;

/// <summary>Every message of the host side. The engine's own begin at 100, 200, 900; these at 110, 210, 610,
/// 910.</summary>
internal static partial class HostLog
{
    [LoggerMessage(110, LogLevel.Warning,
        "Opening the log '{Name}' failed, attempt {Attempt}; trying again in {Delay}: {Reason}")]
    public static partial void RetryingOpen(ILogger logger, string name, int attempt, TimeSpan delay, string reason);

    [LoggerMessage(111, LogLevel.Information, "The log '{Name}' is switched off: appends are accepted and dropped.")]
    public static partial void Disabled(ILogger logger, string name);

    [LoggerMessage(112, LogLevel.Error, "Closing the log '{Name}' failed; the next open recovers.")]
    public static partial void CloseFailed(ILogger logger, string name, Exception exception);

    [LoggerMessage(210, LogLevel.Information,
        "Replaying the log '{Name}' after LSN {After} up to LSN {UpTo} for {Targets} targets.")]
    public static partial void ReplayStarted(ILogger logger, string name, Lsn after, Lsn upTo, int targets);

    [LoggerMessage(211, LogLevel.Information, "Replaying the log '{Name}': at LSN {Lsn} of {UpTo}, {Records} records.")]
    public static partial void ReplayProgress(ILogger logger, string name, Lsn lsn, Lsn upTo, long records);

    [LoggerMessage(212, LogLevel.Information,
        "Replayed the log '{Name}': {Transactions} transactions, {Records} records in {Duration}.")]
    public static partial void ReplayFinished(
        ILogger logger, string name, long transactions, long records, TimeSpan duration);

    [LoggerMessage(610, LogLevel.Information,
        "The consumer '{Consumer}' of the log '{Name}' goes on after LSN {Position}.")]
    public static partial void ConsumerStarted(ILogger logger, string consumer, string name, Lsn position);

    [LoggerMessage(611, LogLevel.Warning,
        "The consumer '{Consumer}' failed, attempt {Attempt}; trying again in {Delay}: {Reason}")]
    public static partial void RetryingConsumer(
        ILogger logger, string consumer, int attempt, TimeSpan delay, string reason);

    [LoggerMessage(612, LogLevel.Error,
        "The consumer '{Consumer}' of the log '{Name}' has stopped at LSN {Lsn}; the next start of the host tries "
        + "again from there.")]
    public static partial void ConsumerStopped(
        ILogger logger, string consumer, string name, Lsn lsn, Exception failure);

    [LoggerMessage(613, LogLevel.Error,
        "The consumer '{Consumer}' of the log '{Name}' could not handle LSN {First} to {Last}: moved to the log "
        + "'{DeadLetter}'.")]
    public static partial void DeadLettered(
        ILogger logger, string consumer, string name, Lsn first, Lsn last, string deadLetter, Exception failure);

    [LoggerMessage(614, LogLevel.Warning,
        "The position of the consumer '{Consumer}' of the log '{Name}' could not be moved to LSN {Lsn}; trying again "
        + "in {Delay}.")]
    public static partial void AcknowledgeFailed(
        ILogger logger, string consumer, string name, Lsn lsn, TimeSpan delay, Exception failure);

    [LoggerMessage(910, LogLevel.Critical,
        "The log '{Name}' is poisoned: stopping the host with exit code {ExitCode}. Cause: {Reason}")]
    public static partial void StoppingHost(ILogger logger, string name, int exitCode, string reason);

    [LoggerMessage(911, LogLevel.Warning, "Closed the poisoned log '{Name}'; the next open recovers.")]
    public static partial void ClosedPoisoned(ILogger logger, string name, Exception exception);
}
