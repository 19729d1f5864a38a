using System.Text;
using System.Text.Json;
using LoraWal.TestSupport;

namespace LoraWal.Cli.Tests;

public class DumpTests
{
    [Fact]
    public async Task Records_are_printed_one_a_line_in_each_format()
    {
        TestLog log = LogWorld.Closed(5);
        string[] text = Lines(await ToolRun.OnAsync(log, "dump", "--format", "text"));
        Assert.Equal(5, text.Length);
        Assert.Equal("1 1-1 2026-01-01T00:00:00.0000000+00:00 1 20 record             1", text[0]);

        string[] hex = Lines(await ToolRun.OnAsync(log, "dump"));
        Assert.EndsWith(Convert.ToHexStringLower(Encoding.UTF8.GetBytes("record             5")), hex[4]);

        JsonElement json = JsonDocument.Parse(Lines(await ToolRun.OnAsync(log, "dump", "--json"))[1]).RootElement;
        Assert.Equal(
            "lsn firstLsn lastLsn time type bytes payload",
            string.Join(' ', json.EnumerateObject().Select(field => field.Name)));
        Assert.Equal((2, 2), (json.GetProperty("lsn").GetInt32(), json.GetProperty("type").GetInt32()));
        Assert.Equal("record             2", Encoding.UTF8.GetString(json.GetProperty("payload").GetBytesFromBase64()));
    }

    [Fact]
    public async Task Range_and_type_choose_the_records()
    {
        TestLog log = LogWorld.Closed();
        Assert.Equal("7 8 9 10", Lsns(await ToolRun.OnAsync(log, "dump", "--from", "7", "--to", "10")));
        Assert.Equal("8", Lsns(await ToolRun.OnAsync(log, "dump", "--from", "7", "--to", "10", "--type", "2")));
        Assert.Equal("2000", Lsns(await ToolRun.OnAsync(log, "dump", "--from", "2000")));
        Assert.Equal("", Lsns(await ToolRun.OnAsync(log, "dump", "--from", "2001")));
    }

    [Fact]
    public async Task Part_of_a_transaction_can_be_asked_for()
    {
        TestLog log = LogWorld.WithRecords(2, out Wal wal);
        using (WalBatch batch = new())
        {
            batch.Add("a"u8, 1);
            batch.Add("b\n\\"u8, 1);
            batch.Add("c"u8, 1);
            await wal.CommitAsync(batch);
        }

        LogWorld.Append(wal, 6, 7);
        Assert.Equal("4 5", Lsns(await ToolRun.OnAsync(log, "dump", "--from", "4", "--to", "5")));
        string line = Lines(await ToolRun.OnAsync(log, "dump", "--from", "4", "--to", "4", "--format", "text"))[0];
        Assert.StartsWith("4 3-5 ", line, StringComparison.Ordinal);
        Assert.EndsWith(" b\\u000a\\u005c", line, StringComparison.Ordinal); // still one line
    }

    [Fact]
    public async Task Beside_a_writer_it_shows_what_is_promised_and_more_only_when_asked()
    {
        TestLog log = LogWorld.WithRecords(3, out _);
        Assert.Equal("1 2", Lsns(await ToolRun.OnAsync(log, "dump")));
        Assert.Equal("1 2 3", Lsns(await ToolRun.OnAsync(log, "dump", "--not-durable")));
        Assert.Equal("1 2", Lsns(await ToolRun.OnAsync(log, "dump", "--follow", "--to", "2")));
    }

    [Fact]
    public async Task What_stands_before_damage_is_printed_and_the_damage_told()
    {
        TestLog log = LogWorld.Closed();
        log.Disk.Damage.FlipBit(LogWorld.First, 4096 + (10 * LogWorld.FrameBytes) + 40, 1);
        ToolRun run = await ToolRun.OnAsync(log, "dump");
        Assert.Equal("1 2 3 4 5 6 7 8 9 10", Lsns(run));
        Assert.Equal(ExitCode.Corrupt, run.Code);
        Assert.Contains("LSN 11", run.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCode.Unreadable, (await ToolRun.OnAsync(LogWorld.Unreadable(), "dump")).Code);
    }

    private static string[] Lines(ToolRun run) => run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Lsns(ToolRun run) => string.Join(' ', Lines(run).Select(line => line.Split(' ')[0]));
}
