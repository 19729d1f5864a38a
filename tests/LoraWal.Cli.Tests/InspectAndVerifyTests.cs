using System.Text.Json;
using LoraWal.TestSupport;

namespace LoraWal.Cli.Tests;

public class InspectAndVerifyTests
{
    [Fact]
    public async Task Each_verdict_has_its_word_and_its_exit_code()
    {
        (Func<TestLog> Make, string Verdict, int Code)[] cases =
        [
            (() => LogWorld.Closed(), "clean", ExitCode.Ok),
            (() => LogWorld.WithRecords(3, out _), "unclean", ExitCode.Ok),
            (LogWorld.Torn, "torn", ExitCode.Ok),
            (LogWorld.Corrupt, "corrupt", ExitCode.Corrupt),
            (LogWorld.Unreadable, "unreadable", ExitCode.Unreadable),
        ];
        foreach ((Func<TestLog> make, string verdict, int code) in cases)
        {
            TestLog log = make();
            DiskSnapshot before = log.Disk.Snapshot();
            foreach (string command in new[] { "inspect", "verify" })
            {
                ToolRun human = await ToolRun.OnAsync(log, command);
                ToolRun json = await ToolRun.OnAsync(log, command, "--json");
                Assert.Equal((command, verdict, code), (command, verdict, human.Code));
                Assert.Equal((command, code), (command, json.Code));
                Assert.Equal(code, json.Json.GetProperty("exitCode").GetInt32());
                Assert.Equal(verdict, json.Json.GetProperty("verdict").GetString());
                Assert.Equal(code == ExitCode.Ok, human.Error.Length == 0);
                Assert.Equal(code == ExitCode.Ok ? 0 : 1, json.Json.GetProperty("problems").GetArrayLength());
            }

            Assert.Null(before.DifferenceTo(log.Disk.Snapshot()));
        }
    }

    [Fact]
    public async Task What_opening_refuses_is_explained_with_file_offset_lsn_and_a_way_out()
    {
        ToolRun run = await ToolRun.OnAsync(LogWorld.Corrupt(), "inspect", "--json");
        JsonElement problem = run.Json.GetProperty("problems")[0];

        Assert.Equal("corrupt", problem.GetProperty("kind").GetString());
        Assert.Equal("/simulated/log/0000000001.wal", problem.GetProperty("path").GetString());
        Assert.Equal(4096 + LogWorld.FrameBytes, problem.GetProperty("offset").GetInt64());
        Assert.Equal(2, problem.GetProperty("lsn").GetInt64());
        Assert.Contains("repair /simulated/log --truncate-at 1 --dry-run", run.Error, StringComparison.Ordinal);
        Assert.Contains("/simulated/log/0000000001.wal", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_shape_of_the_json_is_the_documented_one()
    {
        TestLog log = LogWorld.Closed();
        ToolRun inspect = await ToolRun.OnAsync(log, "inspect", "--json");
        Assert.Equal(
            "version command exitCode directory logId verdict oldestLsn lastLsn durableLsn checkpointLsn floorLsn "
            + "generation logBytes tornBytes tornSegment tornOffset segments evidenceFiles problems advice",
            inspect.Fields);
        Assert.Equal(
            "id file firstLsn lastLsn generation bytes sealed leftover created problem",
            string.Join(' ', inspect.Json.GetProperty("segments")[0].EnumerateObject().Select(field => field.Name)));
        Assert.Equal(2000, inspect.Json.GetProperty("durableLsn").GetInt64());

        ToolRun verify = await ToolRun.OnAsync(log, "verify", "--json");
        Assert.Equal(
            "version command exitCode directory verdict segmentsChecked records bytesChecked lastLsn durableLsn "
            + "problems advice",
            verify.Fields);
        Assert.Equal(2000, verify.Json.GetProperty("records").GetInt64());
        Assert.All([inspect, verify], run => Assert.Equal(1, run.Json.GetProperty("version").GetInt32()));
    }

    [Fact]
    public async Task Segments_are_a_table_for_a_person()
    {
        ToolRun run = await ToolRun.OnAsync(LogWorld.Closed(), "inspect");
        Assert.Contains("0000000002.wal", run.Output, StringComparison.Ordinal);
        Assert.Contains("records     LSN 1 to 2000", run.Output, StringComparison.Ordinal);
        Assert.Contains("sealed", run.Output, StringComparison.Ordinal);
        Assert.Contains("active", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Output);
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_empty_or_belongs_to_another_version_is_unreadable()
    {
        using TemporaryDirectory directory = new();
        foreach (string command in new[] { "inspect", "verify" })
        {
            string missing = Path.Combine(directory.Path, "missing");
            ToolRun run = await ToolRun.RunAsync(command, missing);
            Assert.Equal(ExitCode.Unreadable, run.Code);
            Assert.Contains(missing, run.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(missing));
            Assert.Equal(ExitCode.Unreadable, (await ToolRun.RunAsync(command, directory.Path)).Code);
        }

        TestLog later = LogWorld.Torn();
        later.Disk.Damage.Overwrite(LogWorld.First, 8, [9]);
        ToolRun refused = await ToolRun.OnAsync(later, "verify", "--json");
        Assert.Equal(ExitCode.Unreadable, refused.Code);
        Assert.Equal("refused", refused.Json.GetProperty("problems")[0].GetProperty("kind").GetString());
        Assert.Contains("format version 9", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_lists_damage_that_opening_would_not_meet()
    {
        TestLog log = LogWorld.Closed();
        log.Disk.Damage.FlipBit(LogWorld.First, 30_000, 1);
        Assert.Equal(ExitCode.Ok, (await ToolRun.OnAsync(log, "inspect")).Code);
        ToolRun run = await ToolRun.OnAsync(log, "verify");
        Assert.Equal(ExitCode.Corrupt, run.Code);
        Assert.Contains("0000000001.wal' at offset", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData()]
    [InlineData("inspect")]
    [InlineData("inspect", "a", "b")]
    [InlineData("dump", "a", "--from", "x")]
    [InlineData("dump", "a", "--format", "xml")]
    [InlineData("repair", "a")]
    public async Task A_wrong_command_line_is_64_and_never_mistaken_for_damage(params string[] args) =>
        Assert.Equal(ExitCode.Usage, (await ToolRun.RunAsync(args)).Code);
}
