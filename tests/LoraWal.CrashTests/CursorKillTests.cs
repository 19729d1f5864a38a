using System.Buffers.Binary;
using System.Globalization;
using LoraWal.FaultProcess;

namespace LoraWal.CrashTests;

/// <summary><c>kill -9</c> at any moment of a consumer that passes records on, acknowledges and truncates.</summary>
public sealed class CursorKillTests : IDisposable
{
    private readonly LogDirectory _log = new();

    [Theory]
    [InlineData("PerCommit", 5711)]
    [InlineData("GroupSync", 5712)]
    public async Task After_every_kill_the_sink_has_seen_every_record_in_order_and_every_position_is_kept(
        string mode, int seed)
    {
        int rounds = Deep.Pick(deep: 50, quick: 5);
        var random = new Random(seed);
        long kept = 0;
        long opened = 0;
        for (int round = 0; round < rounds; round++)
        {
            using FaultRun follower = FaultRun.Start("follow", _log.Path, "0", mode);
            for (int lines = random.Next(round % 4 == 0 ? 3 : 300); lines > 0; lines--)
            {
                await follower.ReadAsync();
            }

            await follower.KillAsync();
            string when = $"seed {seed}, round {round}";
            Assert.DoesNotContain(follower.Lines, line => line.StartsWith("REFUSED", StringComparison.Ordinal));
            foreach (long position in NumbersOf(follower, "POSITION "))
            {
                Assert.True(position >= kept, $"{when}: {kept} was acknowledged, it goes on after {position}");
                opened = position;
            }

            kept = Math.Max(Math.Max(kept, opened), NumbersOf(follower, "KEPT ").LastOrDefault());
        }

        await CheckAsync(kept, $"seed {seed}");
        Deep.Figures($"kill -9 of a consumer, {mode}: {rounds} rounds, acknowledged up to LSN {kept}");
    }

    public void Dispose()
    {
        File.Delete(_log.Path + ".sink");
        _log.Dispose();
    }

    // The last life ends well: what is left is read, and then the sink must have all of it.
    private async Task CheckAsync(long kept, string when)
    {
        await using Wal wal = await Wal.OpenAsync(new WalOptions
        {
            Directory = _log.Path,
            SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,
        });
        await using WalCursor cursor = await wal.OpenCursorAsync(Follower.Name);
        Assert.True((long)cursor.Position.Value >= kept, $"{when}: {kept} was kept, {cursor.Position} is there");
        List<ulong> seen = ReadSink();
        if (cursor.Position < wal.Status.DurableLsn)
        {
            await foreach (WalTransaction transaction in cursor.ReadAsync())
            {
                seen.AddRange(transaction.Select(record => record.Lsn.Value));
                if (transaction.LastLsn >= wal.Status.DurableLsn)
                {
                    break;
                }
            }
        }

        // At least once and in order: it goes on by one, or goes back to what it has had already.
        ulong highest = 0;
        ulong before = 0;
        foreach (ulong lsn in seen)
        {
            Assert.True(
                lsn == before + 1 || (lsn >= 1 && lsn <= highest), $"{when}: LSN {lsn} came behind {before}");
            highest = Math.Max(highest, lsn);
            before = lsn;
        }

        Assert.Equal(wal.Status.DurableLsn.Value, highest);
    }

    private List<ulong> ReadSink()
    {
        byte[] bytes = File.Exists(_log.Path + ".sink") ? File.ReadAllBytes(_log.Path + ".sink") : [];
        List<ulong> seen = [];
        for (int at = 0; at + 8 <= bytes.Length; at += 8)
        {
            seen.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at)));
        }

        return seen;
    }

    private static IEnumerable<long> NumbersOf(FaultRun run, string start) => run.Lines
        .Where(line => line.StartsWith(start, StringComparison.Ordinal))
        .Select(line => long.Parse(line[start.Length..], CultureInfo.InvariantCulture));
}
