using System.Diagnostics;
using System.Text.Json;
using LoraWal.TestSupport;

namespace LoraWal.Cli.Tests;

/// <summary>The tool on the real disk: as a process, beside a writer, on a copy, on a read-only file system.</summary>
public sealed class RealDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => Path.Combine(_directory.Path, "wal");

    [Fact]
    public async Task The_tool_as_a_process_inspects_a_log_that_another_process_writes()
    {
        await using Wal wal = await OpenAsync();
        LogWorld.Append(wal, 1, 10);
        string[] before = Files(Log);
        ToolRun run = await ProcessAsync("inspect", Log, "--json");

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal("unclean", run.Json.GetProperty("verdict").GetString());
        Assert.Equal(10, run.Json.GetProperty("lastLsn").GetInt32());
        Assert.Equal(before, Files(Log));

        ToolRun refused = await ProcessAsync("repair", Log, "--truncate-at", "5", "--yes");
        Assert.Equal(ExitCode.Refused, refused.Code);
        Assert.Contains($"process {Environment.ProcessId}", refused.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await ProcessAsync("inspect")).Code);
    }

    [Fact]
    public async Task A_copy_taken_beside_a_writer_reads_up_to_a_durable_edge_and_no_further()
    {
        int good = 0;
        await using Wal wal = await OpenAsync();
        for (int round = 1; round <= 20; round++)
        {
            Task writing = Task.Run(() => LogWorld.Append(wal, (round * 100) - 99, round * 100));
            string copy = Path.Combine(_directory.Path, $"copy{round}");
            Directory.CreateDirectory(copy);
            foreach (string file in Directory.GetFiles(Log, "*.wal").Order(StringComparer.Ordinal))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }

            ulong durable = wal.Status.DurableLsn.Value;
            ulong last = 0;
            try
            {
                await foreach (WalTransaction transaction in new WalReader(copy).ReadAsync())
                {
                    Assert.Equal(last + 1, transaction.FirstLsn.Value);
                    last = transaction.LastLsn.Value;
                }

                good++;
            }
            catch (WalCorruptException)
            {
                // files copied one after the other, over a rotation: told, never taken for a shorter log
            }

            Assert.True(last <= durable, $"{last} is above {durable}");
            await writing;
        }

        Assert.True(good > 0);
    }

    [Fact]
    public async Task A_read_only_file_system_is_read_and_verified_and_stays_as_it_is()
    {
        await using (Wal wal = await OpenAsync())
        {
            LogWorld.Append(wal, 1, 2000);
        }

        if (!OperatingSystem.IsLinux() || await ShellAsync("mount", "--bind", Log, Log) != 0)
        {
            Assert.Skip("Mounting read-only takes Linux and the right to mount.");
        }

        try
        {
            Assert.Equal(0, await ShellAsync("mount", "-o", "remount,bind,ro", Log));
            Assert.ThrowsAny<IOException>(() => File.WriteAllText(Path.Combine(Log, "x"), ""));
            await Assert.ThrowsAnyAsync<IOException>(async () => await OpenAsync());

            Assert.Equal(ExitCode.Ok, (await ToolRun.RunAsync("inspect", Log)).Code);
            ToolRun verify = await ToolRun.RunAsync("verify", Log, "--json");
            Assert.Equal(2000, verify.Json.GetProperty("records").GetInt32());
            ToolRun dump = await ToolRun.RunAsync("dump", Log, "--from", "1999", "--json");
            Assert.Equal(2, dump.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            Assert.Equal(
                ExitCode.Ok, (await ToolRun.RunAsync("repair", Log, "--truncate-at", "9", "--dry-run")).Code);
            ToolRun repair = await ToolRun.RunAsync("repair", Log, "--truncate-at", "9", "--yes");
            Assert.Equal(ExitCode.Unreadable, repair.Code);
        }
        finally
        {
            await ShellAsync("umount", Log);
        }
    }

    [Fact]
    public async Task A_repair_on_the_real_disk_opens_and_goes_on()
    {
        await using (Wal wal = await OpenAsync())
        {
            LogWorld.Append(wal, 1, 3000);
        }

        string[] segments = Directory.GetFiles(Log, "*.wal").Order(StringComparer.Ordinal).ToArray();
        Assert.True(segments.Length >= 3);
        using (FileStream file = File.OpenWrite(segments[1]))
        {
            file.Position = 30_000;
            file.Write(new byte[64]);
        }

        ToolRun verify = await ToolRun.RunAsync("verify", Log, "--json");
        Assert.Equal(ExitCode.Corrupt, verify.Code);
        JsonElement problem = verify.Json.GetProperty("problems")[0];
        string last = $"{problem.GetProperty("lsn").GetInt64() - 1}";
        ToolRun repair = await ToolRun.RunAsync("repair", Log, "--truncate-at", last, "--yes", "--json");
        Assert.Equal((ExitCode.Ok, ""), (repair.Code, repair.Error));
        Assert.Equal(segments.Length - 1, repair.Json.GetProperty("evidence").GetArrayLength());
        Assert.Equal(ExitCode.Ok, (await ToolRun.RunAsync("verify", Log)).Code);

        await using Wal again = await OpenAsync();
        Assert.Equal(last, again.Recovery.LastLsn.ToString());
    }

    public void Dispose() => _directory.Dispose();

    private static string[] Files(string directory) =>
        [.. Directory.GetFiles(directory).Where(file => !file.EndsWith(".tmp", StringComparison.Ordinal)).Order()];

    private static Task<ToolRun> ProcessAsync(params string[] args) =>
        StartAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "LoraWal.Cli.dll"), .. args]);

    private static async Task<int> ShellAsync(string command, params string[] args)
    {
        try
        {
            return (await StartAsync(command, args)).Code;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return 127; // no such command here
        }
    }

    private static async Task<ToolRun> StartAsync(string command, string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(command, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new ToolRun(process.ExitCode, await output, await error);
    }

    private ValueTask<Wal> OpenAsync() => Wal.OpenAsync(new WalOptions
    {
        Directory = Log,
        SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,
    });
}
