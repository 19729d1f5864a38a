namespace LoraWal;

/// <summary>Bytes that were once durable are damaged. Nothing was changed; restore them, or decide what to give
/// up.</summary>
public sealed class WalCorruptException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The damaged file, or the directory if a file is missing.</param>
    /// <param name="offset">Where the damage begins, in bytes.</param>
    /// <param name="lsn">The LSN expected there, or <see cref="Lsn.None"/> if it cannot be told.</param>
    /// <param name="expected">What had to be there.</param>
    /// <param name="found">What is there.</param>
    public WalCorruptException(string path, long offset, Lsn lsn, string expected, string found)
        : base($"The log is corrupt: '{path}' at offset {offset}" + (lsn.IsNone ? "" : $", LSN {lsn}")
            + $": expected {expected}, found {found}. Nothing was changed. Restore the file from a copy.")
    {
        Path = path;
        Offset = offset;
        Lsn = lsn;
        Expected = expected;
        Found = found;
    }

    /// <summary>The damaged file, or the directory if a file is missing.</summary>
    public string Path { get; }

    /// <summary>Where the damage begins, in bytes from the start of the file.</summary>
    public long Offset { get; }

    /// <summary>The LSN expected there, or <see cref="Lsn.None"/> if it cannot be told.</summary>
    public Lsn Lsn { get; }

    /// <summary>What had to be there.</summary>
    public string Expected { get; }

    /// <summary>What is there.</summary>
    public string Found { get; }
}
