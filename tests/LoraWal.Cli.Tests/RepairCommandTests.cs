using LoraWal.TestSupport;

namespace LoraWal.Cli.Tests;

public class RepairCommandTests
{
    private readonly TestLog _log = LogWorld.Corrupt();

    [Fact]
    public async Task Without_the_word_it_explains_and_changes_nothing()
    {
        DiskSnapshot before = _log.Disk.Snapshot();
        (string[] Words, int Code)[] cases = [([], 3), (["--dry-run"], 0), (["--dry-run", "--yes"], 0)];
        foreach ((string[] words, int code) in cases)
        {
            ToolRun run = await ToolRun.OnAsync(_log, ["repair", "--truncate-at", "1", .. words]);
            Assert.Equal(code, run.Code);
            Assert.Contains("LSN 2 to 3", run.Output, StringComparison.Ordinal);
            Assert.Contains("nothing was changed", run.Output, StringComparison.Ordinal);
            Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
        }
    }

    [Fact]
    public async Task With_the_word_the_log_opens_with_that_last_lsn_and_the_cut_bytes_are_kept()
    {
        byte[] whole = _log.Disk.ReadAll(LogWorld.First);
        ToolRun run = await ToolRun.OnAsync(_log, "repair", "--truncate-at", "1", "--yes", "--json");

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal(
            "version command exitCode directory outcome verdict lastLsn nextLsn lostUpToLsn readableRecords lostBytes "
            + "cut removed evidence problems",
            run.Fields);
        Assert.Equal(
            "0000000001-4152.torn", Assert.Single(run.Json.GetProperty("evidence").EnumerateArray()).GetString());
        byte[] kept = _log.Disk.ReadAllDurable("0000000001-4152.torn")!;
        Assert.Equal(whole.AsSpan(4152, kept.Length).ToArray(), kept);
        Assert.Equal(whole.AsSpan().LastIndexOfAnyExcept((byte)0) + 1, 4152 + kept.Length);

        Wal wal = _log.Open();
        Assert.Equal(new Lsn(1), wal.Recovery.LastLsn);
        Assert.Equal(new Lsn(2), wal.Append([1]));
    }

    [Fact]
    public async Task A_log_in_use_is_refused_with_its_owner_and_a_dry_run_is_not()
    {
        TestLog log = LogWorld.WithRecords(3, out Wal wal);
        DiskSnapshot before = log.Disk.Snapshot();
        ToolRun run = await ToolRun.OnAsync(log, "repair", "--truncate-at", "1", "--yes", "--json");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Equal("in-use", run.Json.GetProperty("problems")[0].GetProperty("kind").GetString());
        Assert.Contains($"process {Environment.ProcessId}", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, (await ToolRun.OnAsync(log, "repair", "--truncate-at", "1", "--dry-run")).Code);
        Assert.Null(before.DifferenceTo(log.Disk.Snapshot()));
        Assert.Equal(new Lsn(4), wal.Append([1]));
    }

    [Fact]
    public async Task Where_the_log_cannot_be_cut_the_answer_names_where_it_can()
    {
        DiskSnapshot before = _log.Disk.Snapshot();
        ToolRun run = await ToolRun.OnAsync(_log, "repair", "--truncate-at", "2", "--yes");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("Cut at 1 or below", run.Error, StringComparison.Ordinal);
        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
    }

    [Fact]
    public async Task Without_space_for_the_evidence_it_takes_another_word()
    {
        _log.Disk.CapacityBytes = 65536;
        ToolRun run = await ToolRun.OnAsync(_log, "repair", "--truncate-at", "1", "--yes");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("--without-evidence", run.Error, StringComparison.Ordinal);
        run = await ToolRun.OnAsync(_log, "repair", "--truncate-at", "1", "--yes", "--without-evidence");
        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal(new Lsn(1), _log.Open().Recovery.LastLsn);
    }

    [Fact]
    public async Task Done_twice_the_second_time_does_nothing()
    {
        await ToolRun.OnAsync(_log, "repair", "--truncate-at", "1", "--yes");
        DiskSnapshot before = _log.Disk.Snapshot();
        ToolRun run = await ToolRun.OnAsync(_log, "repair", "--truncate-at", "1", "--yes");
        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Contains("nothing to do", run.Output, StringComparison.Ordinal);
        Assert.Null(before.DifferenceTo(_log.Disk.Snapshot()));
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_not_made()
    {
        using TemporaryDirectory directory = new();
        string missing = Path.Combine(directory.Path, "missing");
        Assert.Equal(
            ExitCode.Unreadable, (await ToolRun.RunAsync("repair", missing, "--truncate-at", "1", "--yes")).Code);
        Assert.False(Directory.Exists(missing));
    }
}
