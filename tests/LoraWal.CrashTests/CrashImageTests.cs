namespace LoraWal.CrashTests;

/// <summary>A truth check of the simulated disk: crash images made of what real file systems really write and flush, in
/// which the log has to be what the simulation says it is.</summary>
public sealed class CrashImageTests
{
    private const int Images = 40;
    private const int Seed = 161_758;

    public static TheoryData<string, string> Cases => new()
    {
        { "ext4", "PerCommit" },
        { "ext4", "GroupSync" },
        { "xfs", "PerCommit" },
        { "btrfs", "PerCommit" },
    };

    [Theory] // 16, 17, 18, 21, 47, 57, 58
    [MemberData(nameof(Cases))]
    public async Task From_any_state_that_a_power_cut_can_leave_on_the_disk_the_log_recovers(
        string format, string mode)
    {
        Deep.SkipUnlessPossible(RecordedDisk.Instruments);
        (string[] lines, List<BlockCall> calls, RecordedDisk disk) = await RecordAsync(format, mode);
        using RecordedDisk recorded = disk;
        var random = new Random(Seed);
        CrashStyle[] styles = [CrashStyle.Prefix, CrashStyle.FlushedOnly, CrashStyle.Subset, CrashStyle.Torn];
        var images = new CrashImages(format, disk.BaseImage, calls, random);
        long lost = 0;
        long most = 0;
        for (int i = 0; i < Images; i++)
        {
            int cut = random.Next(1, calls.Count + 1);
            CrashStyle style = styles[i % styles.Length];
            Ledger ledger = Ledger.Of(lines, until: calls[cut - 1].Time);
            most = Math.Max(most, ledger.Durable);
            using LoopDisk image = LoopDisk.Of(format, path => lost += images.Build(path, cut, style, 0));
            try
            {
                image.Mount();
                await ledger.GoesOnAsync(image.Log, powerCut: true);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException(
                    $"seed {Seed}, image {i}, {style} after {cut} calls: {failure.Message}", failure);
            }
        }

        Deep.Figures($"crash images on {format}, {mode}: {Images} recovered, of {calls.Count} block calls with "
            + $"{calls.Count(call => call.IsFlush)} flushes; {lost} sectors lost; up to LSN {most} durable");
    }

    // No log can keep what such a disk loses. But it must not take what is left for something else.
    [Theory] // 19
    [InlineData("ext4")]
    public async Task On_a_disk_that_lies_about_flushes_a_log_refuses_or_returns_a_prefix(string format)
    {
        Deep.SkipUnlessPossible(RecordedDisk.Instruments);
        (string[] lines, List<BlockCall> calls, RecordedDisk disk) = await RecordAsync(format, "PerCommit");
        using RecordedDisk recorded = disk;
        var random = new Random(Seed);
        var images = new CrashImages(format, disk.BaseImage, calls, random);
        int opened = 0;
        int refused = 0;
        int unmountable = 0;
        for (int i = 0; i < Images; i++)
        {
            int cut = random.Next(calls.Count / 4, calls.Count + 1);
            int liesFrom = Math.Max(0, cut - random.Next(1, 40));
            using LoopDisk image = LoopDisk.Of(
                format, path => images.Build(path, cut, CrashStyle.LyingFlush, liesFrom));
            if (!image.TryMount())
            {
                unmountable++; // the file system has lost its own
                continue;
            }

            try
            {
                // What was promised does not hold here; what is there has to be right, and without a gap.
                await Ledger.Of(lines, until: 0).CheckAsync(image.Log, powerCut: true);
                opened++;
            }
            catch (IOException)
            {
                refused++;
            }
        }

        Assert.True(opened > 0, $"seed {Seed}: {refused} refused, {unmountable} without a file system");
        Deep.Figures($"lying disk, {format}: {opened} opened with a prefix, {refused} refused, "
            + $"{unmountable} without a file system");
    }

    private static async Task<(string[] Lines, List<BlockCall> Calls, RecordedDisk Disk)> RecordAsync(
        string format, string mode)
    {
        var disk = new RecordedDisk(format);
        try
        {
            using FaultRun writer = await FaultRun.Start("mixed", disk.Log, "63", mode).ToEndAsync();
            writer.Single("OPEN 0 ");
            Assert.Equal(0, writer.ExitCode);
            return ([.. writer.Lines], disk.Finish(), disk);
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }
}
