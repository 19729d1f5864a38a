using System.Globalization;

namespace LoraWal.CrashTests;

/// <summary>Faults that need more than one system call that fails.</summary>
public sealed class UnusualDiskTests : IDisposable
{
    private readonly LogDirectory _log = new();

    [Fact] // 4
    public async Task Short_writes_are_continued_and_acknowledged_once()
    {
        Deep.SkipUnlessPossible("gcc");
        const int Records = 20;
        string library = Path.Combine(_log.Parent, "short_writes.so");
        string source = Path.Combine(AppContext.BaseDirectory, "short_writes.c");
        Shell.Run("gcc", "-shared", "-fPIC", "-o", library, source);
        string output = Path.Combine(_log.Parent, "trace");
        string[] strace = Strace.Command(null, output, LogFiles.Of(_log.Path, "segments"));

        using FaultRun run = await FaultRun.StartManagedUnder(
            ["env", $"LORAWAL_LIBC={library}", .. strace], "append", _log.Path, $"{Records}", "PerCommit").ToEndAsync();

        Assert.Equal(Enumerable.Range(1, Records).Select(lsn => (long)lsn), run.Acknowledged);
        run.Single("CLOSED");
        int writes = File.ReadLines(output).Count(line => line.Contains("pwrite64(", StringComparison.Ordinal));
        Assert.True(writes > 2 * Records, $"{writes} writes were made: they were not short");
        await Ledger.Of(run.Lines).GoesOnAsync(_log.Path, powerCut: false);
        Deep.Figures($"short writes: {Records} records by {writes} writes");
    }

    // At the limit the kernel writes what still fits, and then fails with EFBIG: a real short write, then an error.
    [Theory] // 5, 8
    [InlineData(20_000)]
    [InlineData(33_333)]
    [InlineData(4_000)]
    public async Task A_file_size_limit_in_the_middle_of_a_record_poisons_and_loses_nothing(int limit)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Shell.Has("prlimit"), "prlimit is not installed.");
        using FaultRun writer = FaultRun.StartManagedUnder(
            ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"], "append", _log.Path, "1000000", "PerCommit", "700");
        await writer.ReadToAsync("OPEN");
        Shell.Run("prlimit", "--pid", $"{writer.Id}", $"--fsize={limit}");
        await writer.ToEndAsync();

        Assert.Contains("EFBIG", writer.Single("POISONED "), StringComparison.Ordinal);
        await Ledger.Of(writer.Lines).GoesOnAsync(_log.Path, powerCut: false);
    }

    [Fact] // 13
    public async Task Nothing_is_acknowledged_before_a_slow_sync_has_returned()
    {
        using FaultRun run = await FaultRun.StartFaulty(
            "fdatasync:delay_enter=2s:when=3", _log.FirstSegment, "append", _log.Path, "5", "PerCommit").ToEndAsync();

        long[] times =
        [
            .. run.Lines
                .Where(line => line.StartsWith("ACK ", StringComparison.Ordinal))
                .Select(line => long.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)),
        ];
        Assert.Equal(5, times.Length);
        Assert.True(times[2] - times[1] >= 2_000_000_000, "It was acknowledged before its sync had returned.");
        await Ledger.Of(run.Lines).GoesOnAsync(_log.Path, powerCut: false);
    }

    [Fact] // 14
    public async Task While_a_sync_never_returns_waits_and_closing_end_when_their_callers_want()
    {
        using FaultRun run = FaultRun.StartFaulty(
            "fdatasync:delay_enter=1000s", _log.FirstSegment, "hang", _log.Path);

        await run.ReadToAsync("LED");
        await run.ReadToAsync("TIMEOUT");
        await run.ReadToAsync("CLOSETIMEOUT");
        await run.KillAsync();

        // strace has ended; the process it had stopped does so a moment later.
        const int AttemptsMax = 1000;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await Ledger.Of(["TRY 2"]).GoesOnAsync(_log.Path, powerCut: false);
                return;
            }
            catch (WalInUseException) when (attempt < AttemptsMax)
            {
                await Task.Yield();
            }
        }
    }

    [Theory] // 53
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task On_a_read_only_file_system_opening_fails_at_once_and_says_why(string format)
    {
        Deep.SkipUnlessPossible(LoopDisk.Instruments);
        using var disk = new LoopDisk(format);
        using (FaultRun writer = await FaultRun.Start("append", disk.Log, "20", "PerCommit").ToEndAsync())
        {
            writer.Single("CLOSED");
        }

        disk.Unmount();
        disk.Mount("ro");

        WalException refused = await Assert.ThrowsAsync<WalException>(
            async () => await Wal.OpenAsync(new WalOptions { Directory = disk.Log }));

        Assert.Contains("cannot be created or written", refused.Message, StringComparison.Ordinal);
        Assert.Contains("EROFS", refused.Message, StringComparison.Ordinal);
        disk.Unmount();
        disk.Mount();
        await Ledger.Of(["OPEN 20 0"]).GoesOnAsync(disk.Log, powerCut: true);
    }

    public void Dispose() => _log.Dispose();
}
