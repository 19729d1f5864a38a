using LoraWal.Segments;

namespace LoraWal.Log;

/// <summary>The log's segments, oldest first. Changed under the log's lock; the summary may be read without.</summary>
internal sealed class SegmentCatalog
{
    private readonly List<SegmentEntry> _entries;
    private volatile Summary _summary;

    public SegmentCatalog(IEnumerable<SegmentEntry> entries)
    {
        _entries = [.. entries];
        _summary = Summarize();
    }

    /// <summary>What a status says of the segments.</summary>
    public Summary Now => _summary;

    public void AddUnderLock(SegmentEntry entry)
    {
        _entries.Add(entry);
        _summary = Summarize();
    }

    /// <summary>Takes out the oldest segment.</summary>
    public void RemoveOldestUnderLock(long id)
    {
        if (_entries[0].Id == id)
        {
            _entries.RemoveAt(0);
            _summary = Summarize();
        }
    }

    /// <summary>Puts back a segment that was taken out and could not be deleted.</summary>
    public void PutBackOldestUnderLock(SegmentEntry entry)
    {
        _entries.Insert(0, entry);
        _summary = Summarize();
    }

    /// <summary>The sealed segments whose every record is at or below a fence, oldest first.</summary>
    public List<(SegmentEntry Entry, ulong LastLsn)> UpToUnderLock(ulong fence)
    {
        var found = new List<(SegmentEntry, ulong)>();
        for (int i = 0; i + 1 < _entries.Count && _entries[i + 1].PreviousLastLsn <= fence; i++)
        {
            found.Add((_entries[i], _entries[i + 1].PreviousLastLsn));
        }

        return found;
    }

    /// <summary>The log as retention sees it; no file is read.</summary>
    /// <param name="writtenLsn">LSN of the last record there is.</param>
    //
    // A segment was full, or had to end, when its successor was begun: no record of it is younger than that header. The
    // clock may have gone back meanwhile, so the latest beginning up to there counts; at worst, segments look younger
    // than they are, and stay longer.
    public RetainedLog RetainedUnderLock(ulong writtenLsn)
    {
        var found = new List<RetainedSegment>(_entries.Count);
        long latest = _entries[0].Created;
        for (int i = 0; i + 1 < _entries.Count; i++)
        {
            (SegmentEntry entry, ulong last) = (_entries[i], _entries[i + 1].PreviousLastLsn);
            latest = Math.Max(latest, _entries[i + 1].Created);
            found.Add(new RetainedSegment(
                last, CountOf(entry, last), entry.FileBytes, DateTimeOffset.FromUnixTimeMilliseconds(latest)));
        }

        return new RetainedLog(found, CountOf(_entries[^1], writtenLsn), _entries[^1].FileBytes);
    }

    // A segment may have ended before its first record: after a jump of the fence, or for want of room for a marker.
    private static long CountOf(SegmentEntry entry, ulong lastLsn) =>
        lastLsn < entry.BaseLsn ? 0 : (long)(lastLsn - entry.BaseLsn + 1);

    /// <summary>Bytes of the sealed segments with records above an LSN.</summary>
    public long BytesAboveUnderLock(ulong position)
    {
        long bytes = 0;
        for (int i = _entries.Count - 2; i >= 0 && _entries[i + 1].PreviousLastLsn > position; i--)
        {
            bytes += _entries[i].FileBytes;
        }

        return bytes;
    }

    /// <summary>The segment that holds the record after an LSN, or the oldest one.</summary>
    public SegmentEntry FindUnderLock(ulong after)
    {
        int low = 0;
        int high = _entries.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_entries[middle].PreviousLastLsn <= after)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return _entries[low];
    }

    private Summary Summarize() => new(
        _entries[0].BaseLsn,
        _entries[0].PreviousLastLsn,
        _entries[0].Id,
        _entries[^1].Id,
        _entries.Count,
        _entries.Sum(entry => entry.FileBytes));

    /// <summary>A consistent view of the segments.</summary>
    internal sealed record Summary(
        ulong OldestLsn, ulong BeforeOldestLsn, long OldestId, long ActiveId, int Count, long Bytes);
}
