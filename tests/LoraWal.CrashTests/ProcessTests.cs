using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.CrashTests;

/// <summary>Real processes are killed, and compete for one directory.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly LogDirectory _log = new();

    [Theory]
    [InlineData("PerCommit", 1)]
    [InlineData("GroupSync", 2)]
    public async Task Whatever_was_acknowledged_survives_a_kill(string mode, int seed)
    {
        const int Rounds = 6;
        var random = new Random(seed);
        long last = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using FaultRun writer = FaultRun.Start("append", _log.Path, "1000000", mode);
            await writer.ReadToAsync("ACK");
            int more = random.Next(600);
            for (int i = 0; i < more; i++)
            {
                await writer.ReadToAsync("ACK");
            }

            await writer.KillAsync();
            Assert.Equal(last + 1, writer.Acknowledged[0]);
            last = writer.Acknowledged[^1];

            using FaultRun verify = await FaultRun.Start("verify", _log.Path).ToEndAsync();
            string[] verified = verify.Single("VERIFIED ").Split(' ');
            long found = long.Parse(verified[1], CultureInfo.InvariantCulture);
            Assert.True(found >= last, $"{last} were acknowledged, {found} are there");
            Assert.Equal(verified[1], verified[2]);
            last = found;
        }
    }

    [Fact]
    public async Task A_second_process_is_told_who_has_the_directory_and_a_kill_frees_it()
    {
        using FaultRun owner = FaultRun.Start("hold", _log.Path);
        await owner.ReadToAsync("OPEN");

        using (FaultRun second = await FaultRun.Start("verify", _log.Path).ToEndAsync())
        {
            string refused = second.Single("REFUSED WalInUseException");
            Assert.Contains($"{owner.Id}", refused, StringComparison.Ordinal);
            Assert.Contains(Environment.MachineName, refused, StringComparison.Ordinal);
        }

        await owner.KillAsync();
        using FaultRun third = await FaultRun.Start("verify", _log.Path).ToEndAsync();
        third.Single("VERIFIED 0");
    }

    // What a process that is being started shares with this one between its fork and its exec: the open lock file.
    [Fact] // 48
    public async Task A_close_frees_the_directory_although_a_process_being_started_still_shares_the_lock_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Descriptors are found in /proc, which only Linux has.");
        Wal wal = await Wal.OpenAsync(new WalOptions { Directory = _log.Path });
        string descriptor = Directory.EnumerateFiles("/proc/self/fd")
            .First(fd => File.ResolveLinkTarget(fd, false)?.FullName == Path.Combine(_log.Path, ".lora-wal.lock"));
        using var shared = new SafeFileHandle(
            NativeCalls.Duplicate(int.Parse(Path.GetFileName(descriptor), CultureInfo.InvariantCulture)), true);

        await wal.CloseAsync();

        await using Wal next = await Wal.OpenAsync(new WalOptions { Directory = _log.Path });
    }

    public void Dispose() => _log.Dispose();
}
