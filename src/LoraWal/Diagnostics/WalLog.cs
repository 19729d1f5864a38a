using Microsoft.Extensions.Logging;

namespace LoraWal.Diagnostics;

/// <summary>Every message of the log, with stable event ids: 100 open and close, 200 recovery, 300 sync, 400 segments,
/// 500 checkpoint, 600 cursors, 800 disk, 900 poisoned.</summary>
internal static partial class WalLog
{
    [LoggerMessage(100, LogLevel.Information,
        "Log '{Name}' opened in '{Directory}': next LSN {NextLsn}, {Segments} segments, generation {Generation}.")]
    public static partial void Opened(
        ILogger logger, string name, string directory, Lsn nextLsn, int segments, long generation);

    [LoggerMessage(101, LogLevel.Information, "Log '{Name}' closed: durable LSN {DurableLsn}.")]
    public static partial void Closed(ILogger logger, string name, Lsn durableLsn);

    [LoggerMessage(102, LogLevel.Error, "Log '{Name}' could not be closed cleanly; the next open will recover it.")]
    public static partial void CloseFailed(ILogger logger, string name, Exception failure);

    [LoggerMessage(200, LogLevel.Information,
        "Log '{Name}' recovered: {Verdict}, last LSN {LastLsn}, {RewrittenBytes} bytes rewritten, "
        + "{Leftovers} leftovers deleted, in {Duration}.")]
    public static partial void Recovered(
        ILogger logger, string name, TailVerdict verdict, Lsn lastLsn, long rewrittenBytes, int leftovers,
        TimeSpan duration);

    [LoggerMessage(201, LogLevel.Warning,
        "Log '{Name}' had a torn tail: {Bytes} bytes at offset {Offset} of {Segment}, never promised durable, "
        + "were set aside as '{SetAsideAs}'.")]
    public static partial void TornTail(
        ILogger logger, string name, long bytes, long offset, string? segment, string? setAsideAs);

    [LoggerMessage(202, LogLevel.Warning,
        "Log '{Name}' had a torn tail of {Bytes} bytes at offset {Offset} of {Segment}; the disk was too full to set "
        + "it aside, and it is gone.")]
    public static partial void TornTailNotKept(ILogger logger, string name, long bytes, long offset, string? segment);

    [LoggerMessage(203, LogLevel.Warning,
        "Log '{Name}' was opened with fence {ReplayAfter}, but its newest checkpoint says that a snapshot covers "
        + "{Checkpoint}: an older snapshot has been loaded.")]
    public static partial void OlderSnapshot(ILogger logger, string name, Lsn replayAfter, Lsn checkpoint);

    [LoggerMessage(300, LogLevel.Warning, "Log '{Name}': a sync took {Seconds:F1} s (reason: {Reason}).")]
    public static partial void SlowSync(ILogger logger, string name, double seconds, string reason);

    [LoggerMessage(301, LogLevel.Error, "Log '{Name}': the group flusher ended unexpectedly.")]
    public static partial void FlusherFailed(ILogger logger, string name, Exception failure);

    [LoggerMessage(400, LogLevel.Debug, "Log '{Name}' rotated to segment {SegmentId}, first LSN {BaseLsn}.")]
    public static partial void Rotated(ILogger logger, string name, long segmentId, Lsn baseLsn);

    [LoggerMessage(402, LogLevel.Information,
        "Log '{Name}' truncated up to LSN {Fence}: {Deleted} segments deleted, oldest LSN now {OldestLsn}.")]
    public static partial void Truncated(ILogger logger, string name, Lsn fence, int deleted, Lsn oldestLsn);

    [LoggerMessage(403, LogLevel.Warning,
        "Log '{Name}': {Kept} segments could not be deleted and stay until the next truncation.")]
    public static partial void DeleteFailed(ILogger logger, string name, int kept, Exception? failure);

    [LoggerMessage(404, LogLevel.Information,
        "Log '{Name}': truncation up to LSN {Fence} is held back by {Holders}.")]
    public static partial void HeldBack(ILogger logger, string name, Lsn fence, string holders);

    [LoggerMessage(420, LogLevel.Warning,
        "Log '{Name}': its retention would let records go up to LSN {Wanted}, but a snapshot covers them only up to "
        + "LSN {Checkpoint}, the newest checkpoint: what lies above stays. Write a newer one, or remove the limits.")]
    public static partial void RetentionHeldBack(ILogger logger, string name, Lsn wanted, Lsn checkpoint);

    [LoggerMessage(421, LogLevel.Warning,
        "Log '{Name}': retention could not truncate; it tries again in {Interval}.")]
    public static partial void RetentionFailed(ILogger logger, string name, TimeSpan interval, Exception failure);

    [LoggerMessage(500, LogLevel.Information, "Log '{Name}': checkpoint at LSN {Fence}.")]
    public static partial void Checkpoint(ILogger logger, string name, Lsn fence);

    [LoggerMessage(501, LogLevel.Information,
        "Log '{Name}': the state machine '{Machine}' took a snapshot at LSN {Lsn}: {Bytes} bytes in {Duration}.")]
    public static partial void SnapshotTaken(
        ILogger logger, string name, string machine, Lsn lsn, long bytes, TimeSpan duration);

    [LoggerMessage(502, LogLevel.Error,
        "Log '{Name}': a snapshot of the state machine '{Machine}' failed, {Failures} in a row; nothing was truncated, "
        + "and the next trigger tries again.")]
    public static partial void SnapshotFailed(
        ILogger logger, string name, string machine, int failures, Exception failure);

    [LoggerMessage(503, LogLevel.Warning,
        "Log '{Name}': a snapshot of the state machine '{Machine}' is passed over, and deleted once a newer one is "
        + "there: {Reason}")]
    public static partial void SnapshotDamaged(ILogger logger, string name, string machine, string reason);

    [LoggerMessage(504, LogLevel.Information,
        "Log '{Name}': the state machine '{Machine}' loaded the snapshot at LSN {Lsn}: {Bytes} bytes in {Duration}.")]
    public static partial void SnapshotLoaded(
        ILogger logger, string name, string machine, Lsn lsn, long bytes, TimeSpan duration);

    [LoggerMessage(505, LogLevel.Warning,
        "Log '{Name}': an old snapshot of the state machine '{Machine}' could not be deleted; the next one tries "
        + "again.")]
    public static partial void SnapshotNotDeleted(ILogger logger, string name, string machine, Exception failure);

    [LoggerMessage(220, LogLevel.Information,
        "Log '{Name}': the state machine '{Machine}' replays after LSN {After} up to LSN {UpTo}.")]
    public static partial void MachineReplays(ILogger logger, string name, string machine, Lsn after, Lsn upTo);

    [LoggerMessage(221, LogLevel.Information,
        "Log '{Name}': the state machine '{Machine}' replays: at LSN {Lsn} of {UpTo}.")]
    public static partial void MachineProgress(ILogger logger, string name, string machine, Lsn lsn, Lsn upTo);

    [LoggerMessage(222, LogLevel.Information,
        "Log '{Name}': the state machine '{Machine}' is at LSN {Lsn}, replayed in {Duration}.")]
    public static partial void MachineReady(ILogger logger, string name, string machine, Lsn lsn, TimeSpan duration);

    [LoggerMessage(901, LogLevel.Critical,
        "Log '{Name}': the state machine '{Machine}' failed at LSN {Lsn} and applies nothing more. The log itself goes "
        + "on.")]
    public static partial void MachineFailed(ILogger logger, string name, string machine, Lsn lsn, Exception failure);

    [LoggerMessage(600, LogLevel.Information, "Log '{Name}': the cursor '{Cursor}' begins at LSN {Position}.")]
    public static partial void CursorCreated(ILogger logger, string name, string cursor, Lsn position);

    [LoggerMessage(601, LogLevel.Information, "Log '{Name}': the cursor '{Cursor}' has been dropped.")]
    public static partial void CursorDropped(ILogger logger, string name, string cursor);

    [LoggerMessage(602, LogLevel.Warning,
        "Log '{Name}': the cursor '{Cursor}' could not be trusted and was reset to LSN {Position}, as its options "
        + "say.")]
    public static partial void CursorReset(ILogger logger, string name, string cursor, Lsn position);

    [LoggerMessage(603, LogLevel.Error,
        "Log '{Name}': the file of the cursor '{Cursor}' cannot be trusted; nothing is truncated until it is reset or "
        + "dropped.")]
    public static partial void CursorRefused(ILogger logger, string name, string cursor, Exception problem);

    [LoggerMessage(604, LogLevel.Warning,
        "Log '{Name}': the cursor '{Cursor}' at LSN {Position} keeps {LagBytes} bytes from truncation, more than its "
        + "MaxLagBytes ({MaxLagBytes}). Look after its consumer, or drop it.")]
    public static partial void CursorLags(
        ILogger logger, string name, string cursor, Lsn position, long lagBytes, long maxLagBytes);

    [LoggerMessage(605, LogLevel.Warning,
        "Log '{Name}': the cursor '{Cursor}' could not be moved to LSN {Position}; it stays where it was.")]
    public static partial void AcknowledgeFailed(
        ILogger logger, string name, string cursor, Lsn position, Exception failure);

    [LoggerMessage(800, LogLevel.Error, "Log '{Name}' is full; appends are refused until there is space. {Reason}")]
    public static partial void Full(ILogger logger, string name, string reason);

    [LoggerMessage(801, LogLevel.Information, "Log '{Name}' has space again.")]
    public static partial void Healed(ILogger logger, string name);

    [LoggerMessage(802, LogLevel.Error,
        "Log '{Name}': buffered records with LSNs {First} to {Last} were dropped for lack of space.")]
    public static partial void BufferedDropped(ILogger logger, string name, Lsn first, Lsn last);

    [LoggerMessage(900, LogLevel.Critical,
        "Log '{Name}' is poisoned at durable LSN {DurableLsn} and takes no more writes until it is opened again: "
        + "{Reason}")]
    public static partial void Poisoned(ILogger logger, string name, Lsn durableLsn, string reason, Exception failure);
}
