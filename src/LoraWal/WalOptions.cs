using System.ComponentModel.DataAnnotations;

namespace LoraWal;

/// <summary>What to do at open with bytes that a crash cut short.</summary>
public enum TornTailPolicy
{
    /// <summary>Keep them in a <c>.torn</c> file, report them, and go on.</summary>
    SetAside = 0,

    /// <summary>Refuse to open with <see cref="WalCorruptException"/>, and leave them for a person to decide.</summary>
    Refuse = 1,
}

/// <summary>All settings of a log, with their defaults and limits. Checked once, at open.</summary>
public class WalOptions
{
    /// <summary>Smallest <see cref="SegmentTargetBytes"/>: 64 KiB.</summary>
    public const long MinSegmentTargetBytes = 64 * 1024;

    /// <summary>Greatest <see cref="SegmentTargetBytes"/> and <see cref="MaxTransactionBytes"/>: 1 GiB.</summary>
    public const long MaxSegmentTargetBytes = 1024 * 1024 * 1024;

    /// <summary>The directory that holds the log; created if missing. One log has it to itself.</summary>
    /// <value>Required.</value>
    [Required(AllowEmptyStrings = false)]
    public string Directory { get; set; } = "";

    /// <summary>A name for messages, metrics and health checks.</summary>
    /// <value>Default: "default".</value>
    [Required(AllowEmptyStrings = false)]
    public string Name { get; set; } = "default";

    /// <summary>When an append counts as done.</summary>
    /// <value>Default: <see cref="SyncMode.GroupSync"/>.</value>
    [EnumDataType(typeof(SyncMode))]
    public SyncMode SyncMode { get; set; } = SyncMode.GroupSync;

    /// <summary>How often the group flusher syncs.</summary>
    /// <value>Default: 50 ms. From 1 ms to 1 min.</value>
    public TimeSpan GroupSyncInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Size of a segment file in bytes, rounded up to 4 KiB. Larger transactions get a segment of their
    /// own.</summary>
    /// <value>Default: 16 MiB. From 64 KiB to 1 GiB.</value>
    [Range(MinSegmentTargetBytes, MaxSegmentTargetBytes)]
    public long SegmentTargetBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Greatest sum of payload bytes in one transaction, a lone record included.</summary>
    /// <value>Default: 16 MiB. From 1 to 1 GiB.</value>
    [Range(1L, MaxSegmentTargetBytes)]
    public long MaxTransactionBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Bytes that may wait to be written; beyond it appends wait. At least one transaction.</summary>
    /// <value>Default: 64 MiB. From <see cref="MaxTransactionBytes"/> to 1 GiB.</value>
    [Range(1L, MaxSegmentTargetBytes)]
    public long MaxPendingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Greatest size of all segment files in bytes; beyond it the log is full.</summary>
    /// <value>Default: 0, no limit. Else at least two segments.</value>
    [Range(0L, long.MaxValue)]
    public long MaxLogBytes { get; set; }

    /// <summary>What to do at open with bytes that a crash cut short.</summary>
    /// <value>Default: <see cref="TornTailPolicy.SetAside"/>.</value>
    [EnumDataType(typeof(TornTailPolicy))]
    public TornTailPolicy TornTail { get; set; } = TornTailPolicy.SetAside;

    /// <summary>Whether to open on a file system without dependable locks and syncs (NFS, CIFS, FUSE, or one that
    /// refuses <c>flock</c>). Nothing then keeps a second owner out.</summary>
    /// <value>Default: false.</value>
    public bool AllowUnsafeFileSystem { get; set; }

    /// <summary>The fence at open: what the application's snapshot already covers. New records get LSNs above it,
    /// also in an empty directory. Set in code only: a configuration section that names it is refused.</summary>
    /// <value>Default: <see cref="Lsn.None"/>. Up to 2^62.</value>
    public Lsn ReplayAfter { get; set; }

    /// <summary>The record types whose values can be appended and read. Set in code only. Nothing can be added once a
    /// log has been opened with it.</summary>
    /// <value>Default: none; raw payloads need none.</value>
    public WalRecordTypes RecordTypes { get; set; } = new();
}
