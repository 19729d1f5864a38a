namespace LoraWal.CrashTests;

/// <summary>The power fails under a real file system, while a writer is running.</summary>
public sealed class PowerCutTests
{
    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach (string format in (string[])["ext4", "xfs"]) // btrfs has no such shutdown
            {
                cases.Add(format, "append", "PerCommit");
                cases.Add(format, "mixed", "PerCommit");
                cases.Add(format, "mixed", "GroupSync");
            }

            return cases;
        }
    }

    [Theory] // 16, 17, 21, 22, 47, 57
    [MemberData(nameof(Cases))]
    public async Task Whatever_was_acknowledged_as_durable_survives_a_power_cut(
        string format, string command, string mode)
    {
        Deep.SkipUnlessPossible(LoopDisk.Instruments);
        const int Rounds = 12;
        const int Seed = 20_261;
        var random = new Random(Seed);
        using var disk = new LoopDisk(format);
        var story = new List<string>();
        long acknowledged = 0;
        long lost = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using FaultRun writer = FaultRun.Start(command, disk.Log, "1000000", mode);
            for (int lines = round == 0 ? random.Next(3) : random.Next(400); lines > 0; lines--)
            {
                await writer.ReadAsync();
            }

            disk.CutPower();
            await writer.KillAsync();
            disk.Unmount();
            disk.Mount();

            // What the round before had, opening has made durable; so only this round's lines tell.
            story.AddRange(writer.Lines);
            var ledger = Ledger.Of(story);
            acknowledged = Math.Max(acknowledged, ledger.Durable);
            try
            {
                long last = await ledger.CheckAsync(disk.Log, powerCut: true);
                lost += Math.Max(ledger.Top - last, 0);
                story.AddRange("CUT", $"OPEN {last} 0");
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {Seed}, round {round}: {failure.Message}", failure);
            }
        }

        Deep.Figures($"power cuts on {format}, {command} {mode}: {Rounds} rounds, LSN {acknowledged} durable, "
            + $"{lost} records lost that nobody was promised");
    }
}
