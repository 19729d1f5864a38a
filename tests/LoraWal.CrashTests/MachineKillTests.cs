using System.Globalization;
using System.IO.Hashing;
using LoraWal.FaultProcess;

namespace LoraWal.CrashTests;

/// <summary><c>kill -9</c> at any moment of a state machine that executes, takes snapshots and truncates.</summary>
public sealed class MachineKillTests : IDisposable
{
    private readonly LogDirectory _log = new();
    private readonly List<(ulong Count, ulong Fold)> _folds = [(0, 0)];

    [Theory]
    [InlineData("PerCommit", 6011)]
    [InlineData("GroupSync", 6012)]
    public async Task After_every_kill_the_state_is_the_fold_over_every_record_that_was_logged(string mode, int seed)
    {
        int rounds = Deep.Pick(deep: 50, quick: 5);
        var random = new Random(seed);
        ulong acknowledged = 0;
        ulong newestSnapshot = 0;
        for (int round = 0; round < rounds; round++)
        {
            using FaultRun run = FaultRun.Start("machine", _log.Path, "0", mode);
            for (int lines = random.Next(round % 4 == 0 ? 3 : 300); lines > 0; lines--)
            {
                await run.ReadAsync();
            }

            await run.KillAsync();
            string when = $"seed {seed}, round {round}";
            Assert.DoesNotContain(run.Lines, line => line.StartsWith("REFUSED", StringComparison.Ordinal));
            foreach (ulong[] state in NumbersOf(run, "STATE "))
            {
                Check((state[0], state[1], state[2]), acknowledged, when);
                newestSnapshot = state[3];
            }

            acknowledged = Math.Max(acknowledged, NumbersOf(run, "ACK ").Select(ack => ack[0]).LastOrDefault());
        }

        await using Wal wal = await Wal.OpenAsync(new WalOptions
        {
            Directory = _log.Path,
            SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,
        });
        await using WalStateMachine<Machine> machine = await Machine.OpenAsync(wal);
        (ulong count, ulong fold) = machine.Read(machine => machine.State);
        Check((machine.Status.AppliedLsn.Value, count, fold), acknowledged, $"seed {seed}, at the end");
        Assert.True(newestSnapshot > 0, $"seed {seed}: no life began with a snapshot");
        Assert.True(wal.Status.OldestLsn.Value > 1, $"seed {seed}: nothing was truncated");
        Deep.Figures($"kill -9 of a state machine, {mode}: {rounds} rounds, {count} records, the last snapshot at LSN "
            + $"{newestSnapshot}");
    }

    public void Dispose() => _log.Dispose();

    private void Check((ulong Lsn, ulong Count, ulong Fold) state, ulong acknowledged, string when)
    {
        Assert.True(state.Lsn >= acknowledged, $"{when}: {acknowledged} was acknowledged, {state.Lsn} is there");
        Assert.True(FoldOver(state.Lsn) == (state.Count, state.Fold), $"{when}: another state at LSN {state.Lsn}");
    }

    // From the records as they were appended, not from the log: truncation has taken most of it.
    private (ulong Count, ulong Fold) FoldOver(ulong last)
    {
        while ((ulong)_folds.Count <= last)
        {
            ulong lsn = (ulong)_folds.Count;
            ulong fold = XxHash64.HashToUInt64(Machine.PayloadOf(lsn), (long)(_folds[^1].Fold ^ lsn));
            _folds.Add((lsn, fold));
        }

        return _folds[(int)last];
    }

    private static IEnumerable<ulong[]> NumbersOf(FaultRun run, string start) => run.Lines
        .Where(line => line.StartsWith(start, StringComparison.Ordinal))
        .Select(line => line[start.Length..].Split(' ')
            .Select(word => ulong.Parse(word, CultureInfo.InvariantCulture)).ToArray());
}
