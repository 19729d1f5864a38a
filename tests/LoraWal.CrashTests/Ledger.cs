using System.Globalization;
using LoraWal.FaultProcess;

namespace LoraWal.CrashTests;

/// <summary>What a writer's lines say must be in the log, and may be.</summary>
internal sealed class Ledger
{
    private long _top;
    private long _topBefore;

    /// <summary>Highest LSN acknowledged: it survives the end of the process.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Highest LSN acknowledged as durable: it survives a power cut.</summary>
    public long Durable { get; private set; }

    /// <summary>Highest LSN that may be in the log.</summary>
    public long Top => _top;

    /// <summary>Highest LSN that may have been truncated.</summary>
    public long Fence { get; private set; }

    /// <summary>Reads the lines.</summary>
    /// <param name="lines">All lines of one or more runs.</param>
    /// <param name="until">Acknowledgements after this time do not count.</param>
    public static Ledger Of(IEnumerable<string> lines, long until = long.MaxValue)
    {
        var ledger = new Ledger();
        foreach (string line in lines)
        {
            ledger.Add(line.Split(' '), until);
        }

        return ledger;
    }

    /// <summary>Opens the log and checks everything in it.</summary>
    /// <param name="directory">The log's.</param>
    /// <param name="powerCut">Whether only what was acknowledged as durable must be there.</param>
    /// <returns>The last LSN.</returns>
    public async Task<long> CheckAsync(string directory, bool powerCut)
    {
        await using Wal wal = await Wal.OpenAsync(Options(directory));
        Held held = await LogCheck.ReadAsync(wal);
        long must = powerCut ? Durable : Acknowledged;
        long last = (long)wal.Status.WrittenLsn.Value;
        Assert.True(last >= must, $"Up to {must} was acknowledged; the log ends with {last}");
        Assert.True(last <= Top, $"The log ends with {last}; nothing above {Top} can be in it");
        Assert.True(held.Count == 0 ? last <= Fence : (long)held.Last == last, $"The last record is {held.Last}");
        Assert.True((long)held.First <= Fence + 1, $"The first record is {held.First}, the fence {Fence}");
        return last;
    }

    /// <summary>Checks the log, then that it goes on: a new owner appends, closes, and all of it is there.</summary>
    public async Task GoesOnAsync(string directory, bool powerCut)
    {
        long last = await CheckAsync(directory, powerCut);
        await using (Wal wal = await Wal.OpenAsync(Options(directory)))
        {
            for (ulong lsn = (ulong)last + 1; lsn <= (ulong)last + 3; lsn++)
            {
                byte[] payload = Payload.Of(lsn, lsn, 1, 100, wal.Recovery.Generation);
                Assert.Equal(lsn, (await wal.AppendAsync(payload, Payload.RecordType)).Value);
            }

            await wal.CloseAsync();
        }

        var more = new Ledger { Acknowledged = last + 3, Durable = last + 3, Fence = Fence, _top = last + 3 };
        await more.CheckAsync(directory, powerCut);
    }

    private static WalOptions Options(string directory) => new()
    {
        Directory = directory,
        SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,
        SyncMode = SyncMode.PerCommit,
        GroupSyncInterval = TimeSpan.FromMinutes(1),
    };

    private void Add(string[] words, long until)
    {
        switch (words[0])
        {
            case "OPEN" when Time(words) <= until:
                // What opening returned is durable, whether or not it had been acknowledged.
                Assert.True(Number(words) >= Acknowledged, $"{Acknowledged} was acknowledged, {words[1]} is there");
                _top = Number(words);
                Durable = Acknowledged = _top;
                break;
            case "CUT":
                Acknowledged = Durable; // the power failed
                break;
            case "TRY":
                _topBefore = _top;
                _top = Number(words);
                break;
            case "FULL":
            case "FAIL" when words[1] == "False":
                _top = _topBefore; // what was tried last can never appear
                break;
            case "FAIL":
                _topBefore = _top;
                break;
            case "ACK" when Time(words) <= until:
                Acknowledged = Math.Max(Acknowledged, Number(words));
                break;
            case "DURABLE" when Time(words) <= until:
                Durable = Math.Max(Durable, Number(words));
                Acknowledged = Math.Max(Acknowledged, Durable);
                break;
            case "CLOSED" when until == long.MaxValue:
                Durable = Acknowledged;
                break;
            case "FENCE":
                Fence = Math.Max(Fence, Number(words));
                break;
        }
    }

    private static long Time(string[] words) => long.Parse(words[2], CultureInfo.InvariantCulture);

    private static long Number(string[] words) => long.Parse(words[1], CultureInfo.InvariantCulture);
}
