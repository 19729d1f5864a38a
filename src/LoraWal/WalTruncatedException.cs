namespace LoraWal;

/// <summary>The records asked for have been truncated away. Begin with a newer snapshot.</summary>
public sealed class WalTruncatedException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="asked">The reader's position: records above it were asked for.</param>
    /// <param name="oldest">The oldest record there is, or the next one if there is none.</param>
    public WalTruncatedException(Lsn asked, Lsn oldest)
        : base($"Records after LSN {asked} were asked for, but the log begins at LSN {oldest}: what lies between "
            + "has been truncated. Begin with a snapshot that covers it.")
    {
        Asked = asked;
        Oldest = oldest;
    }

    /// <summary>The reader's position: records above it were asked for.</summary>
    public Lsn Asked { get; }

    /// <summary>The oldest record there is, or the next one if there is none.</summary>
    public Lsn Oldest { get; }
}
