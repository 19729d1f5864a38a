using System.Text.RegularExpressions;

namespace LoraWal.CrashTests;

/// <summary>What a commit asks of the operating system, outside rotation.</summary>
public sealed partial class CallsPerCommitTests : IDisposable
{
    // In a segment of 64 KiB: so few that the next segment is not yet made ready.
    private const int Commits = 80;

    private readonly LogDirectory _log = new();

    [Fact]
    public async Task A_durable_commit_is_one_write_and_one_fdatasync_and_no_other_call()
    {
        Dictionary<string, int> calls = await TraceAsync("PerCommit");

        // The close marker is one more of each.
        Assert.Equal(Calls(writes: Commits + 1, syncs: Commits + 1), calls);
    }

    [Fact]
    public async Task A_written_append_is_one_write_and_no_sync_of_its_own()
    {
        Dictionary<string, int> calls = await TraceAsync("None");

        // What is left is synced once before the close marker, and once with it.
        Assert.Equal(Calls(writes: Commits + 1, syncs: 2), calls);
    }

    public void Dispose() => _log.Dispose();

    // The base library lets go of a lock that it never took before it closes a file.
    private static Dictionary<string, int> Calls(int writes, int syncs) =>
        new() { ["pwrite64"] = writes, ["fdatasync"] = syncs, ["flock"] = 1, ["close"] = 1 };

    private async Task<Dictionary<string, int>> TraceAsync(string mode)
    {
        string output = Path.Combine(_log.Parent, "trace");
        string[] strace = Strace.Command(null, output, [_log.Path, _log.FirstSegment]);
        using FaultRun run = FaultRun.StartManagedUnder(strace, "append", _log.Path, $"{Commits}", mode);
        await run.ToEndAsync();
        Assert.Equal(Commits, run.Acknowledged.Count);

        // Opening ends with the first record: the directory's syncs come before it.
        return (await File.ReadAllLinesAsync(output))
            .SkipWhile(line => !line.Contains("pwrite64(", StringComparison.Ordinal))
            .Select(line => Call().Match(line))
            .Where(match => match.Success)
            .GroupBy(match => match.Groups["call"].Value)
            .ToDictionary(group => group.Key, group => group.Count());
    }

    // 4711  pwrite64(51</log/0000000001.wal>, ...      a call that is resumed is on a second line, which has no name
    [GeneratedRegex("""^\d+ +(?<call>\w+)\((\d+<|AT_FDCWD|")""")]
    private static partial Regex Call();
}
