namespace LoraWal;

/// <summary>What is wrong with a cursor's file.</summary>
public enum WalCursorProblem
{
    /// <summary>Its bytes are not those that were written.</summary>
    Damaged = 0,

    /// <summary>It belongs to another log.</summary>
    OtherLog = 1,

    /// <summary>It stands above the end of the log, which has been cut or replaced by an older copy.</summary>
    AheadOfLog = 2,

    /// <summary>A later version wrote it. Open it with that.</summary>
    UnsupportedVersion = 3,

    /// <summary>The operating system refused to read it. The next attempt to open it reads it again.</summary>
    Unreadable = 4,
}

/// <summary>A cursor's file cannot be trusted. Until the cursor is reset or dropped, truncation is held back
/// completely.</summary>
public sealed class WalCursorException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="name">The cursor's name.</param>
    /// <param name="directory">The log's directory.</param>
    /// <param name="problem">What is wrong.</param>
    /// <param name="detail">The same in words.</param>
    /// <param name="innerException">What the operating system said, if it did.</param>
    public WalCursorException(
        string name, string directory, WalCursorProblem problem, string detail, Exception? innerException = null)
        : base(
            $"The cursor '{name}' cannot be opened: its file in '{directory}' {detail}. Until it can be, nothing is "
            + $"truncated. {WayOut(name, problem)}",
            innerException)
    {
        Name = name;
        Problem = problem;
    }

    /// <summary>The cursor's name.</summary>
    public string Name { get; }

    /// <summary>What is wrong.</summary>
    public WalCursorProblem Problem { get; }

    /// <summary>Whether <see cref="WalCursorOptions.OnDamaged"/> may decide what becomes of it.</summary>
    internal bool MayBeReset => Problem is not (WalCursorProblem.UnsupportedVersion or WalCursorProblem.Unreadable);

    private static string WayOut(string name, WalCursorProblem problem) => problem switch
    {
        WalCursorProblem.UnsupportedVersion => "Open it with a later version, or drop it.",
        WalCursorProblem.Unreadable => "Look after the disk, then open it again.",
        _ => "Decide what it shall see again: set OnDamaged to ResetToOldest or ResetToNewest, or close the log and "
            + $"run 'lorawal cursors reset DIR {name} --to oldest' (or newest, or an LSN).",
    };
}
