namespace LoraWal;

/// <summary>A log could not be opened, read or written. The derived types name what the caller can decide.</summary>
/// <remarks>Thrown itself when a directory is refused for what it is: a file system without locks, another program's
/// log, a format version from the future. The message says which, and the way out.</remarks>
public class WalException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What, where, and what to do next.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public WalException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
