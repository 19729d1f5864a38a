using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting;

/// <summary>All settings of a log that a host runs.</summary>
/// <remarks>
/// Bound from the section <c>LoraWal</c>; a keyed log then from <c>LoraWal:Logs:{key}</c>, on top. Read once, when the
/// host starts. <see cref="WalOptions.ReplayAfter"/> is set in code only: a section that names it is refused. A
/// relative <see cref="WalOptions.Directory"/> is meant from the host's content root; a keyed log whose own section
/// does not set one gets <c>{Directory}/{key}</c>.
/// </remarks>
public sealed class LoraWalOptions : WalOptions
{
    /// <summary>Whether there is a log at all. Switched off, appends are accepted and dropped, nothing is opened, and
    /// replay finds nothing.</summary>
    /// <value>Default: true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>What the host does when the log is poisoned.</summary>
    /// <value>Default: <see cref="PoisonedAction.None"/>.</value>
    [EnumDataType(typeof(PoisonedAction))]
    public PoisonedAction OnPoisoned { get; set; }

    /// <summary>The process's exit code after <see cref="PoisonedAction.StopHost"/>. It holds for a <c>Main</c> that
    /// returns no code of its own.</summary>
    /// <value>Default: 70. From 1 to 255.</value>
    [Range(1, 255)]
    public int PoisonedExitCode { get; set; } = 70;

    /// <summary>How opening is tried again.</summary>
    [Required]
    [ValidateObjectMembers]
    public LoraWalOpenOptions Open { get; set; } = new();

    /// <summary>When the health checks complain.</summary>
    [Required]
    [ValidateObjectMembers]
    public LoraWalHealthOptions Health { get; set; } = new();

    /// <summary>How much of the log is kept, if it has no state machine: that one truncates behind its snapshots, and
    /// limits are refused.</summary>
    /// <remarks>With a replay target, nothing above the newest checkpoint goes, and nothing before there is
    /// one.</remarks>
    [Required]
    [ValidateObjectMembers]
    public WalRetentionOptions Retention { get; set; } = new();

    internal LoraWalOptions WithFence(Lsn fence)
    {
        var copy = (LoraWalOptions)MemberwiseClone();
        copy.ReplayAfter = fence;
        return copy;
    }
}
