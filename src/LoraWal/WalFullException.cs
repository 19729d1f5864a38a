namespace LoraWal;

/// <summary>No space is left for the next segment. Nothing was written; the log heals by itself when space is
/// back.</summary>
/// <remarks>Free disk space, raise <see cref="WalOptions.MaxLogBytes"/>, or truncate; then append again.</remarks>
public sealed class WalFullException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What ran out, and where.</param>
    /// <param name="innerException">The operating system's error, if it was one.</param>
    public WalFullException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
