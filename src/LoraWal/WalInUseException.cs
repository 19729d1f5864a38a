namespace LoraWal;

/// <summary>Another process, or another handle in this one, owns the directory. Wait for it to end, or stop
/// it.</summary>
public sealed class WalInUseException : WalException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="directory">The log's directory.</param>
    /// <param name="processId">The owner's process id, if it could be read.</param>
    /// <param name="host">The owner's machine or pod name, if it could be read.</param>
    /// <param name="since">When the owner opened the log, if it could be read.</param>
    public WalInUseException(string directory, int? processId, string? host, DateTimeOffset? since)
        : base($"The log in '{directory}' is in use by {Describe(processId, host, since)}. "
            + "One owner at a time: wait for it to end, or stop it.")
    {
        Directory = directory;
        ProcessId = processId;
        Host = host;
        Since = since;
    }

    /// <summary>The log's directory.</summary>
    public string Directory { get; }

    /// <summary>The owner's process id; null if it could not be read.</summary>
    public int? ProcessId { get; }

    /// <summary>The owner's machine or pod name; null if it could not be read.</summary>
    public string? Host { get; }

    /// <summary>When the owner opened the log; null if it could not be read.</summary>
    public DateTimeOffset? Since { get; }

    private static string Describe(int? processId, string? host, DateTimeOffset? since) => processId is null
        ? "an owner that left no name"
        : $"process {processId} on {host ?? "an unnamed host"} since {since:O}";
}
