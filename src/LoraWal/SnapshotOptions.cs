using System.ComponentModel.DataAnnotations;

namespace LoraWal;

/// <summary>When a record is applied to a state machine.</summary>
public enum ApplyWhen
{
    /// <summary>When it is written; under <see cref="SyncMode.PerCommit"/> while its sync runs. A power cut may take
    /// what a read has seen.</summary>
    Written = 0,

    /// <summary>When it is durable: a read sees nothing that a power cut could take.</summary>
    Durable = 1,
}

/// <summary>How snapshots are compressed.</summary>
public enum SnapshotCompression
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Brotli, at its fastest level.</summary>
    Brotli = 1,
}

/// <summary>The settings of one state machine: when its snapshots are taken, and how they are kept. Read once, when the
/// machine starts.</summary>
/// <remarks>Each trigger counts from the snapshot before, and does nothing while nothing new has been applied. A
/// snapshot that fails is tried again by the next trigger.</remarks>
public sealed class SnapshotOptions
{
    /// <summary>Takes a snapshot after so many commits.</summary>
    /// <value>Default: 0, never.</value>
    [Range(0L, long.MaxValue)]
    public long EveryCommits { get; set; }

    /// <summary>Takes a snapshot after so many bytes of log.</summary>
    /// <value>Default: 64 MiB. 0: never.</value>
    [Range(0L, long.MaxValue)]
    public long EveryBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>Takes a snapshot after so much time.</summary>
    /// <value>Default: 0, never. Else from 1 s to 30 d.</value>
    public TimeSpan Interval { get; set; }

    /// <summary>Takes a snapshot when the machine is stopped.</summary>
    /// <value>Default: true.</value>
    public bool OnShutdown { get; set; } = true;

    /// <summary>How many snapshots are kept. The log is truncated behind the oldest of them, once there are as
    /// many.</summary>
    /// <value>Default: 2, so that one may be damaged. From 1 to 100.</value>
    [Range(1, 100)]
    public int Keep { get; set; } = 2;

    /// <summary>When records are applied.</summary>
    /// <value>Default: <see cref="ApplyWhen.Written"/>.</value>
    [EnumDataType(typeof(ApplyWhen))]
    public ApplyWhen ApplyWhen { get; set; }

    /// <summary>How snapshots are compressed. Those there are load either way.</summary>
    /// <value>Default: <see cref="SnapshotCompression.None"/>.</value>
    [EnumDataType(typeof(SnapshotCompression))]
    public SnapshotCompression Compression { get; set; }

    /// <summary>Encrypts snapshots by AES-256-GCM. A snapshot that is not encrypted still loads. Set in code only: a
    /// configuration section that names it is refused.</summary>
    /// <value>Default: empty, no encryption. Else 32 bytes.</value>
    public ReadOnlyMemory<byte> EncryptionKey { get; set; }
}
