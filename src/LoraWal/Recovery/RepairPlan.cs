using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>What cutting a log after a record would do. Making a plan changes nothing.</summary>
internal sealed record RepairPlan
{
    /// <summary>The record that shall be the last.</summary>
    public required ulong LastLsn { get; init; }

    /// <summary>The segment that becomes the newest.</summary>
    public required FoundSegment Kept { get; init; }

    /// <summary>Where that one is cut.</summary>
    public required long CutOffset { get; init; }

    /// <summary>Where its bytes end that are not zero.</summary>
    public required long CutEnd { get; init; }

    /// <summary>LSN of the next record once the log is cut: the one after <see cref="LastLsn"/>, or above it behind a
    /// fence jump.</summary>
    public required ulong NextLsn { get; init; }

    /// <summary>Later segments, newest first: each is set aside whole.</summary>
    public required IReadOnlyList<SurveyedSegment> Removed { get; init; }

    /// <summary>The greatest LSN known to have been given away: what lies above <see cref="LastLsn"/> is
    /// lost.</summary>
    public required ulong LostUpTo { get; init; }

    /// <summary>How many of the lost records could still be read.</summary>
    public required long ReadableRecords { get; init; }

    /// <summary>What goes where the log is cut, so that floor, fence and generation are not lost with the
    /// rest.</summary>
    public required Marker Marker { get; init; }

    /// <summary>What that marker promises: true, whatever becomes of the rest.</summary>
    public required ulong Promise { get; init; }

    /// <summary>Bytes that are set aside.</summary>
    public long LostBytes => CutEnd - CutOffset + Removed.Sum(segment => segment.FileBytes);

    /// <summary>Makes a plan, or says why a log cannot be cut there.</summary>
    /// <exception cref="WalException">It cannot be cut there: the message says why, and where it can.</exception>
    /// <exception cref="StorageException">A read failed.</exception>
    public static RepairPlan Make(IStorage storage, ulong lastLsn)
    {
        IReadOnlyList<string> names = storage.List();
        IReadOnlyList<SurveyedSegment> segments = SegmentSurvey.Read(storage, names);
        if (segments.Count == 0)
        {
            throw new WalException($"There is no log in '{storage.DirectoryPath}'. Name a log's directory.");
        }

        // Newest first: where an empty segment begins, its predecessor ends, and one of the two may be sound.
        WalException? reason = null;
        foreach (SurveyedSegment segment in segments.Reverse())
        {
            if (segment.Header is { } header && header.PreviousLastLsn <= lastLsn)
            {
                try
                {
                    return MakeFor(storage, names, segments, new FoundSegment(segment.Id, header), lastLsn);
                }
                catch (WalException refused)
                {
                    reason ??= refused;
                }
            }
        }

        throw reason ?? new WalException(
            $"LSN {lastLsn} is below the oldest record in '{storage.DirectoryPath}', or the header of its segment is "
            + "damaged. Restore the oldest segments from a copy.");
    }

    /// <summary>The greatest LSN at which a damaged log can be cut, as far as one look tells; null if nothing can be
    /// said.</summary>
    public static ulong? Suggest(IStorage storage, WalCorruptException damage)
    {
        try
        {
            ulong lsn = damage.Lsn.IsNone ? LastReadable(storage) : damage.Lsn.Value - 1;
            return Make(storage, lsn).LastLsn;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static ulong LastReadable(IStorage storage)
    {
        SurveyedSegment last = SegmentSurvey.Read(storage, storage.List()).Last(segment => segment.Header is not null);
        using IStorageFile file = storage.Open(SegmentName.Of(last.Id), writable: false);
        return SegmentScan.Run(file, last.Header!).NextLsn - 1;
    }

    private static RepairPlan MakeFor(
        IStorage storage,
        IReadOnlyList<string> names,
        IReadOnlyList<SurveyedSegment> segments,
        FoundSegment kept,
        ulong lastLsn)
    {
        using IStorageFile file = storage.Open(SegmentName.Of(kept.Id), writable: false);
        (long cut, ulong nextLsn) = FindCut(file, kept.Header, lastLsn);
        LogKnowledge known = Learn(storage, names, segments, kept, lastLsn);
        ulong promise = Math.Min(known.Promise, lastLsn);
        CheckThatItWillOpen(storage, names, kept, promise, known.Floor);
        return new RepairPlan
        {
            LastLsn = lastLsn,
            Kept = kept,
            CutOffset = cut,
            CutEnd = file.EndOfContent(cut, kept.Header.FileBytes),
            NextLsn = nextLsn,
            Removed = [.. segments.Where(segment => segment.Id > kept.Id).Reverse()],
            LostUpTo = Math.Max(known.GreatestLsn, lastLsn),
            ReadableRecords = known.RecordsAbove,
            Marker = new Marker(
                MarkerReason.Truncation, known.Generation, Math.Min(known.Fence, lastLsn), known.Floor),
            Promise = promise,
        };
    }

    private static (long Offset, ulong NextLsn) FindCut(IStorageFile file, SegmentHeader header, ulong lastLsn)
    {
        var reader = new FrameReader(file, header, new ReadBuffer(isReused: true));
        if (lastLsn == header.PreviousLastLsn)
        {
            return (reader.Offset, reader.ExpectedLsn);
        }

        if (lastLsn < header.BaseLsn)
        {
            throw new WalException(
                $"There is no LSN {lastLsn}: at a fence the LSNs jump from {header.PreviousLastLsn} to "
                + $"{header.BaseLsn}. Cut at {header.PreviousLastLsn}.");
        }

        while (reader.ExpectedLsn <= lastLsn)
        {
            ulong before = reader.ExpectedLsn - 1;
            if (reader.Read(header.FileBytes) != FrameStatus.Ok || reader.Header.Kind == FrameKind.Seal)
            {
                throw new WalException(
                    $"'{file.Path}' holds no LSN {lastLsn} that can be read: found at offset {reader.Offset}: "
                    + $"{(reader.Header.Kind == FrameKind.Seal ? "its end" : reader.Problem)}. Cut at {before} or "
                    + "below.");
            }

            if (reader.ExpectedLsn - 1 > lastLsn)
            {
                throw new WalException(
                    $"LSN {lastLsn} shares a frame with LSNs {before + 1} to {reader.ExpectedLsn - 1}, which was "
                    + $"written as one. Cut at {before} or at {reader.ExpectedLsn - 1}.");
            }
        }

        return (reader.Offset, reader.ExpectedLsn);
    }

    /// <summary>What is known to what is kept and to what goes, and to what an interrupted repair has taken
    /// away.</summary>
    private static LogKnowledge Learn(
        IStorage storage,
        IReadOnlyList<string> names,
        IReadOnlyList<SurveyedSegment> segments,
        FoundSegment kept,
        ulong lastLsn)
    {
        var known = new LogKnowledge();
        foreach (SurveyedSegment segment in segments)
        {
            if (segment.Id >= kept.Id && segment.Header is { } header && header.LogId == kept.Header.LogId)
            {
                using IStorageFile file = storage.Open(SegmentName.Of(segment.Id), writable: false);
                known.AddFrames(file, header, lastLsn);
            }
        }

        // Only floor, fence, generation and promise count of these: their records are gone already.
        var evidence = new LogKnowledge();
        foreach (string name in names)
        {
            if (SegmentName.TryParseWhole(name, out long id) && id > kept.Id)
            {
                using IStorageFile file = storage.Open(name, writable: false);
                if (TryReadHeader(file, id) is { } header && header.LogId == kept.Header.LogId)
                {
                    evidence.AddFrames(file, header, ulong.MaxValue);
                }
            }
        }

        known.Merge(evidence);
        return known;
    }

    private static SegmentHeader? TryReadHeader(IStorageFile file, long id)
    {
        try
        {
            return SegmentFiles.ReadHeader(file, id);
        }
        catch (WalException)
        {
            return null; // what was damaged when it was set aside
        }
    }

    /// <summary>The same checks that opening will make once the log is cut.</summary>
    private static void CheckThatItWillOpen(
        IStorage storage, IReadOnlyList<string> names, FoundSegment kept, ulong promise, ulong floor)
    {
        SegmentChain chain = SegmentChain.Read(
            storage, [.. names.Where(name => SegmentName.TryParse(name, out long id) && id <= kept.Id)]);
        chain.CheckHead(storage.DirectoryPath, floor);
        if (promise < kept.Header.BaseLsn && chain.Run.Count > 1)
        {
            using IStorageFile previous = storage.Open(SegmentName.Of(chain.Run[^2].Id), writable: false);
            LogRecovery.ScanPredecessor(previous, chain.Run[^2], kept);
        }
    }
}
