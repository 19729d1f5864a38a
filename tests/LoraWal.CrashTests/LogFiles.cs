namespace LoraWal.CrashTests;

/// <summary>The files that a log has, in groups that fail alike.</summary>
internal static class LogFiles
{
    public static IReadOnlyList<string> Groups { get; } = ["segments", "prepared", "directory", "lock", "owner"];

    /// <summary>Paths of a group; of all for "all".</summary>
    public static string[] Of(string directory, string group) => group switch
    {
        "segments" => [.. Enumerable.Range(1, 9).Select(id => $"{directory}/{id:D10}.wal")],
        "prepared" => [$"{directory}/next.wal.tmp", $"{directory}/urgent.wal.tmp"],
        "directory" => [directory],
        "lock" => [$"{directory}/.lora-wal.lock"],
        "owner" => [$"{directory}/.lora-wal.owner"],
        _ => [.. Groups.SelectMany(each => Of(directory, each))],
    };

    /// <summary>The group of a path; null if it is no path of the log.</summary>
    public static string? GroupOf(string directory, string path) =>
        Groups.FirstOrDefault(group => Of(directory, group).Contains(path));
}
