namespace LoraWal.TestSupport;

/// <summary>What a call on the simulated disk does.</summary>
public enum DiskOperationKind
{
    CreateDirectory,
    Lock,
    List,
    Create,
    Open,
    Rename,
    Delete,
    SyncDirectory,
    Write,
    Read,
    Sync,
    DropCache,
    Replace,
}

/// <summary>One call on the simulated disk, as the fault hook and the trace see it.</summary>
/// <param name="Index">Number of the call since the disk was made, from 0.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Name">Present name of the file; empty for calls on the directory.</param>
/// <param name="NewName">Target of a rename.</param>
/// <param name="Offset">Where in the file.</param>
/// <param name="Length">How many bytes were asked for.</param>
internal readonly record struct DiskOperation(
    long Index, DiskOperationKind Kind, string Name, string? NewName, long Offset, int Length)
{
    /// <summary>Whether a crash before and after this call may leave different disks.</summary>
    public bool IsMutation => Kind is not (
        DiskOperationKind.Lock or DiskOperationKind.List or DiskOperationKind.Open
        or DiskOperationKind.Read or DiskOperationKind.DropCache);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        DiskOperationKind.Rename or DiskOperationKind.Replace => $"#{Index} {Kind} {Name} -> {NewName}",
        DiskOperationKind.Write or DiskOperationKind.Read => $"#{Index} {Kind} {Name} [{Offset}, +{Length})",
        _ => Name.Length == 0 ? $"#{Index} {Kind}" : $"#{Index} {Kind} {Name}",
    };
}
