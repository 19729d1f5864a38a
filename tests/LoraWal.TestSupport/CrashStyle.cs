namespace LoraWal.TestSupport;

/// <summary>What a power cut leaves of the bytes written since the last sync.</summary>
public enum CrashStyle
{
    /// <summary>One of those below, by chance.</summary>
    Any,

    /// <summary>Nothing of them.</summary>
    Nothing,

    /// <summary>All of them.</summary>
    Everything,

    /// <summary>The writes up to some moment, the last of them in part.</summary>
    OrderedPrefix,

    /// <summary>Some sectors, with their newest bytes.</summary>
    RandomSubset,

    /// <summary>Every sector with any of the versions it has had since its last sync, the synced one too.</summary>
    RandomVersion,

    /// <summary>As <see cref="RandomVersion"/>, and some sectors torn at a byte between two versions.</summary>
    TornSectors,
}

/// <summary>What a power cut leaves of the names changed since the last sync of the directory.</summary>
public enum DirectoryCrash
{
    /// <summary>One of those below, by chance.</summary>
    Any,

    /// <summary>The changes up to some moment: a file system with a journal.</summary>
    OrderedPrefix,

    /// <summary>Any of the changes: all that POSIX promises. No file ever has two names.</summary>
    Subset,
}
