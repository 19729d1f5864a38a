namespace LoraWal.CrashTests;

/// <summary><c>kill -9</c> at any moment of a life with batches, buffered records, rotations, truncations and
/// checkpoints.</summary>
public sealed class KillTests : IDisposable
{
    private readonly LogDirectory _log = new();

    [Theory] // 16, 21, 22, 23, 48, 57
    [InlineData("PerCommit", 4711)]
    [InlineData("GroupSync", 4712)]
    [InlineData("None", 4713)]
    public async Task Whatever_was_acknowledged_survives_a_kill_at_any_moment(string mode, int seed)
    {
        int rounds = Deep.Pick(deep: 15, quick: 4);
        var random = new Random(seed);
        var story = new List<string>();
        long more = 0;
        for (int round = 0; round < rounds; round++)
        {
            using FaultRun writer = FaultRun.Start("mixed", _log.Path, "1000000", mode);
            for (int lines = random.Next(round % 4 == 0 ? 3 : 500); lines > 0; lines--)
            {
                await writer.ReadAsync();
            }

            await writer.KillAsync();
            story.AddRange(writer.Lines);
            var ledger = Ledger.Of(story);
            try
            {
                long last = await ledger.CheckAsync(_log.Path, powerCut: false);
                more += last - ledger.Acknowledged;
                story.Add($"OPEN {last} 0");
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}: {failure.Message}", failure);
            }
        }

        Deep.Figures($"kill -9, {mode}: {rounds} rounds, LSN {Ledger.Of(story).Acknowledged} acknowledged, "
            + $"{more} records found that were in flight");
    }

    public void Dispose() => _log.Dispose();
}
