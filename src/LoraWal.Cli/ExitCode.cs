namespace LoraWal.Cli;

/// <summary>What the tool's exit code means. docs/tool.md has the same table.</summary>
internal static class ExitCode
{
    /// <summary>Done; the log is sound. A torn tail is no damage.</summary>
    public const int Ok = 0;

    /// <summary>Something that was durable is damaged or missing.</summary>
    public const int Corrupt = 1;

    /// <summary>Nothing can be said: a read failed, there is no log, or it is another program's or version's.</summary>
    public const int Unreadable = 2;

    /// <summary>Nothing was changed: the explicit word is missing, or the log cannot be cut there, or is in use, or
    /// there is no space.</summary>
    public const int Refused = 3;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;

    /// <summary>Interrupted from outside.</summary>
    public const int Interrupted = 130;
}
