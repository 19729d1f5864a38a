using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace LoraWal.CrashTests;

/// <summary>Which system calls a run makes on which of its log's files.</summary>
internal sealed partial class CallTrace
{
    private readonly FrozenDictionary<(string Call, string Group), int> _most;

    private CallTrace(FrozenDictionary<(string Call, string Group), int> most) => _most = most;

    /// <summary>Every call made, with the group of the file it is made on.</summary>
    public IEnumerable<(string Call, string Group)> Kinds => _most.Keys;

    /// <summary>How often one thread makes a call on files of a group, at most: strace counts by thread.</summary>
    public int Most(string call, string group) => group == "all"
        ? _most.Where(kind => kind.Key.Call == call).Sum(kind => kind.Value)
        : _most.GetValueOrDefault((call, group));

    /// <summary>Runs the fault process without faults, and counts.</summary>
    public static async Task<CallTrace> RecordAsync(params string[] command)
    {
        using var log = new LogDirectory();
        string output = Path.Combine(log.Parent, "trace");
        string[] strace = Strace.Command(null, output, LogFiles.Of(log.Path, "all"));
        using FaultRun run = FaultRun.StartUnder(strace, [command[0], log.Path, .. command[1..]]);
        await run.ToEndAsync();
        Assert.Equal(0, run.ExitCode);

        var counts = new Dictionary<(string Thread, string Call, string Group), int>();
        foreach (Match line in (await File.ReadAllLinesAsync(output)).Select(line => Line().Match(line)))
        {
            string? group = LogFiles.GroupOf(log.Path, line.Groups["path"].Value);
            if (group is not null)
            {
                var key = (line.Groups["thread"].Value, line.Groups["call"].Value, group);
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }

        return new CallTrace(counts
            .GroupBy(count => (count.Key.Call, count.Key.Group), count => count.Value)
            .ToFrozenDictionary(group => group.Key, group => group.Max()));
    }

    // 4711  pwrite64(51</log/0000000001.wal>, ...          4711  openat(AT_FDCWD</work>, "/log/0000000001.wal", ...
    [GeneratedRegex("""^(?<thread>\d+) +(?<call>\w+)\((\d+<(?<path>[^>]*)>|(AT_FDCWD<[^>]*>, )?"(?<path>[^"]*)")""")]
    private static partial Regex Line();
}
