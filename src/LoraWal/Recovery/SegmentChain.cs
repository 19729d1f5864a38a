using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>A segment file found in the directory, its header read.</summary>
internal sealed record FoundSegment(long Id, SegmentHeader Header)
{
    public SegmentEntry ToEntry() => new(Header);
}

/// <summary>The segments of a directory by their headers: the dense run up to the newest, and what lies below a
/// gap.</summary>
internal sealed class SegmentChain
{
    private SegmentChain(IReadOnlyList<FoundSegment> run, IReadOnlyList<long> leftovers)
    {
        Run = run;
        Leftovers = leftovers;
    }

    /// <summary>The log, oldest first. Empty if there is none.</summary>
    public IReadOnlyList<FoundSegment> Run { get; }

    /// <summary>Ids below a gap: a truncation was interrupted after it had said, durably, that they may go.</summary>
    public IReadOnlyList<long> Leftovers { get; }

    /// <summary>Reads every header and checks that they are of one log and follow one another.</summary>
    /// <exception cref="WalCorruptException">One is damaged, foreign, or does not follow.</exception>
    /// <exception cref="WalException">One is of another version.</exception>
    public static SegmentChain Read(IStorage storage, IReadOnlyList<string> names)
    {
        var found = new List<FoundSegment>();
        foreach (string name in names)
        {
            if (SegmentName.TryParse(name, out long id))
            {
                using IStorageFile file = storage.Open(name, writable: false);
                found.Add(new FoundSegment(id, SegmentFiles.ReadHeader(file, id)));
            }
        }

        found.Sort((left, right) => left.Id.CompareTo(right.Id));
        int oldest = found.Count - 1;
        while (oldest > 0 && found[oldest - 1].Id == found[oldest].Id - 1)
        {
            oldest--;
        }

        CheckOneLog(storage, found);
        List<FoundSegment> run = found.GetRange(Math.Max(oldest, 0), found.Count - Math.Max(oldest, 0));
        CheckOrder(storage, run);
        return new SegmentChain(run, [.. found.Take(Math.Max(oldest, 0)).Select(segment => segment.Id)]);
    }

    /// <summary>Checks that everything before the oldest segment may have been truncated.</summary>
    /// <param name="directory">For the message.</param>
    /// <param name="floor">The newest floor known.</param>
    /// <exception cref="WalCorruptException">A segment is missing.</exception>
    public void CheckHead(string directory, ulong floor)
    {
        FoundSegment oldest = Run[0];
        if (oldest.Header.PreviousLastLsn > floor)
        {
            throw new WalCorruptException(
                directory,
                0,
                new Lsn(floor + 1),
                $"segment {SegmentName.Of(oldest.Id - 1)} with records up to LSN {oldest.Header.PreviousLastLsn}; only "
                    + $"LSNs up to {floor} may have been truncated",
                "no such file");
        }
    }

    private static void CheckOneLog(IStorage storage, List<FoundSegment> found)
    {
        foreach (FoundSegment segment in found)
        {
            if (segment.Header.LogId != found[^1].Header.LogId)
            {
                throw new WalCorruptException(
                    Path.Combine(storage.DirectoryPath, SegmentName.Of(segment.Id)),
                    0,
                    Lsn.None,
                    $"log id {found[^1].Header.LogId:x32}",
                    $"{segment.Header.LogId:x32}: a segment of another log");
            }
        }
    }

    private static void CheckOrder(IStorage storage, List<FoundSegment> run)
    {
        for (int i = 1; i < run.Count; i++)
        {
            if (run[i].Header.PreviousLastLsn < run[i - 1].Header.BaseLsn - 1)
            {
                throw new WalCorruptException(
                    Path.Combine(storage.DirectoryPath, SegmentName.Of(run[i].Id)),
                    0,
                    new Lsn(run[i].Header.BaseLsn),
                    $"a previous last LSN of at least {run[i - 1].Header.BaseLsn - 1}",
                    $"{run[i].Header.PreviousLastLsn}");
            }
        }
    }
}
