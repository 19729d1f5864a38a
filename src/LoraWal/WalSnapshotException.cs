namespace LoraWal;

/// <summary>A snapshot cannot be used, and passing over it would be wrong: it is of another log or a later version,
/// the machine refuses to load it, or the log no longer has the records above it.</summary>
public sealed class WalSnapshotException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The snapshot's file, or the directory if there is none.</param>
    /// <param name="lsn">What the snapshot covers; <see cref="Lsn.None"/> without one.</param>
    /// <param name="message">What, where, and what to do next.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public WalSnapshotException(string path, Lsn lsn, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Path = path;
        Lsn = lsn;
    }

    /// <summary>The snapshot's file, or the directory if there is none.</summary>
    public string Path { get; }

    /// <summary>What the snapshot covers; <see cref="Lsn.None"/> without one.</summary>
    public Lsn Lsn { get; }
}

/// <summary>A snapshot is encrypted, and the key is missing or another one.</summary>
public sealed class WalSnapshotKeyException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The snapshot's file.</param>
    /// <param name="isMissing">Whether no key was given at all.</param>
    public WalSnapshotKeyException(string path, bool isMissing)
        : base($"The snapshot '{path}' is encrypted" + (isMissing ? ", and no key is set." : " with another key.")
            + $" Set {nameof(SnapshotOptions)}.{nameof(SnapshotOptions.EncryptionKey)} to the key it was taken with.")
    {
        Path = path;
        IsMissing = isMissing;
    }

    /// <summary>The snapshot's file.</summary>
    public string Path { get; }

    /// <summary>Whether no key was given at all.</summary>
    public bool IsMissing { get; }
}
