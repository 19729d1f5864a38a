using System.Text.Json;
using LoraWal.TestSupport;

namespace LoraWal.Cli.Tests;

public class CursorsCommandTests
{
    [Fact]
    public async Task It_lists_every_cursor_beside_the_owner_and_changes_nothing()
    {
        TestLog log = WithCursor(out _);
        DiskSnapshot before = log.Disk.Snapshot();
        ToolRun run = await ToolRun.OnAsync(log, "cursors", "--json");

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal("version command exitCode directory oldestLsn durableLsn cursors problems", run.Fields);
        JsonElement cursor = Assert.Single(run.Json.GetProperty("cursors").EnumerateArray());
        Assert.Equal(
            "name lsn lagBytes maxLagBytes updated",
            string.Join(' ', cursor.EnumerateObject().Select(field => field.Name)));
        Assert.Equal(("feed", 2), (cursor.GetProperty("name").GetString(), cursor.GetProperty("lsn").GetInt32()));
        Assert.Equal(65536, cursor.GetProperty("lagBytes").GetInt64());
        Assert.Contains("feed", (await ToolRun.OnAsync(log, "cursors")).Output, StringComparison.Ordinal);
        Assert.Null(before.DifferenceTo(log.Disk.Snapshot()));
    }

    [Fact]
    public async Task Dropping_takes_the_word_and_a_log_that_is_not_open()
    {
        TestLog log = WithCursor(out _);
        ToolRun run = await RunAsync(log, "drop", "feed", "--yes", "--json");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Equal("in-use", run.Json.GetProperty("problems")[0].GetProperty("kind").GetString());
        log.Kill();

        DiskSnapshot before = log.Disk.Snapshot();
        run = await RunAsync(log, "drop", "feed");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("would drop cursor 'feed', at LSN 2", run.Error, StringComparison.Ordinal);
        Assert.Contains("--yes", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Refused, (await RunAsync(log, "drop", "nobody")).Code);
        Assert.Null(before.DifferenceTo(log.Disk.Snapshot()));

        Assert.Equal(ExitCode.Ok, (await RunAsync(log, "drop", "feed", "--yes")).Code);
        log.PowerCut(CrashStyle.Nothing);
        Assert.Empty(log.Open().ListCursors());
    }

    [Theory]
    [InlineData("oldest", 0)]
    [InlineData("newest", 4)] // what the log itself promises: it was not closed
    [InlineData("3", 3)]
    [InlineData("6", null)]
    [InlineData("somewhere", null)]
    public async Task Resetting_mends_a_damaged_cursor_and_refuses_a_place_that_is_none(string to, int? expected)
    {
        TestLog log = WithCursor(out _);
        log.Kill();
        log.Disk.Damage.FlipBit("feed.cursor", 40, 1);
        ToolRun listed = await ToolRun.OnAsync(log, "cursors", "--json");
        Assert.Equal(ExitCode.Corrupt, listed.Code);
        Assert.Equal(JsonValueKind.Null, listed.Json.GetProperty("cursors")[0].GetProperty("lsn").ValueKind);
        Assert.Contains("lorawal cursors reset DIR feed", listed.Error, StringComparison.Ordinal);

        ToolRun run = await RunAsync(log, "reset", "feed", "--to", to, "--yes", "--json");

        Assert.Equal(expected is null ? ExitCode.Refused : ExitCode.Ok, run.Code);
        log.PowerCut(CrashStyle.Nothing);
        WalCursorInfo cursor = Assert.Single(log.Open().ListCursors());
        Assert.Equal(expected, cursor.Problem is null ? (int)cursor.Position.Value : null);
    }

    [Fact]
    public async Task Without_a_log_there_are_no_cursors()
    {
        ToolRun run = await ToolRun.OnAsync(new TestLog(), "cursors");
        Assert.Equal(ExitCode.Unreadable, run.Code);
        Assert.Equal(ExitCode.Usage, (await RunAsync(new TestLog(), "reset", "feed", "--yes")).Code);
    }

    private static async Task<ToolRun> RunAsync(TestLog log, string verb, params string[] rest) =>
        await ToolRun.OnAsync(log, ("cursors", verb), rest);

    private static TestLog WithCursor(out Wal wal)
    {
        TestLog log = LogWorld.WithRecords(5, out wal);
        WalCursor cursor = Finish(log, wal.OpenCursorAsync("feed").AsTask());
        foreach (WalTransaction transaction in cursor.ReadAsync().ToBlockingEnumerable())
        {
            if (transaction.LastLsn.Value == 2)
            {
                break;
            }
        }

        Finish(log, Acknowledge(cursor));
        return log;
    }

    private static async Task<bool> Acknowledge(WalCursor cursor)
    {
        await cursor.AcknowledgeAsync(new Lsn(2));
        return true;
    }

    private static T Finish<T>(TestLog log, Task<T> task)
    {
        while (!task.IsCompleted)
        {
            log.Work.RunAll();
            Thread.Yield();
        }

        return task.GetAwaiter().GetResult();
    }
}
