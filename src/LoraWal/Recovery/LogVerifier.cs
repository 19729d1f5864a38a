using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>Reads a whole log and checks what opening leaves to readers: every checksum, that every segment ends in a
/// seal followed by zeros, and that the next one follows it. Changes nothing.</summary>
internal sealed class LogVerifier(
    IStorage storage, IProgress<WalVerifyProgress>? progress, CancellationToken cancellationToken)
{
    private readonly List<IOException> _problems = [];
    private long _verifiedId;
    private long _records;
    private long _bytes;
    private int _segments;

    /// <summary>Checks everything, and goes on behind damage.</summary>
    /// <exception cref="WalException">The directory is another program's or version's.</exception>
    /// <exception cref="StorageException">The directory cannot be read.</exception>
    public WalVerification Run()
    {
        WalInspection inspection;
        IReadOnlyList<SurveyedSegment> segments;
        do
        {
            // Beside a writer the newest segment may have got successors meanwhile: then it is checked like the others.
            IReadOnlyList<string> names = storage.List();
            segments = SegmentSurvey.Read(storage, names);
            long total = segments.Sum(segment => segment.FileBytes);
            for (int i = 0; i + 1 < segments.Count; i++)
            {
                if (segments[i].Id > _verifiedId)
                {
                    Verify(segments[i], segments[i + 1], isLastPair: i + 2 == segments.Count, total);
                }
            }

            inspection = LogInspector.Inspect(storage);
        }
        while (inspection.Segments.Count > 0 && segments.Count > 0 && inspection.Segments[^1].Id > segments[^1].Id);

        VerifyNewest(segments, inspection);
        return new WalVerification
        {
            Inspection = inspection,
            Problems = _problems,
            SegmentsChecked = _segments,
            Records = _records,
            BytesChecked = _bytes,
        };
    }

    private void VerifyNewest(IReadOnlyList<SurveyedSegment> segments, WalInspection inspection)
    {
        if (inspection.Problem is { } problem && !_problems.Any(other => other.Message == problem.Message))
        {
            _problems.Add(problem);
        }

        if (segments.Count > 0 && segments[^1] is { Header: { } header } newest)
        {
            Try(() =>
            {
                using IStorageFile file = storage.Open(SegmentName.Of(newest.Id), writable: false);
                _records += SegmentScan.Run(file, header).Records;
            });
            Count(newest, newest.FileBytes);
        }
    }

    private void Verify(SurveyedSegment segment, SurveyedSegment next, bool isLastPair, long total)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _verifiedId = segment.Id;
        if (segment.Problem is not null)
        {
            _problems.Add(segment.Problem);
        }
        else
        {
            Try(() => VerifyFrames(segment, segment.Header!, next, isLastPair));
        }

        Count(segment, total);
    }

    private void Count(SurveyedSegment segment, long total)
    {
        _segments++;
        _bytes += segment.FileBytes;
        progress?.Report(new WalVerifyProgress(SegmentName.Of(segment.Id), _bytes, Math.Max(total, _bytes)));
    }

    private void VerifyFrames(SurveyedSegment segment, SegmentHeader header, SurveyedSegment next, bool isLastPair)
    {
        using IStorageFile file = storage.Open(SegmentName.Of(segment.Id), writable: false);
        SegmentScan scan = SegmentScan.Run(file, header);
        _records += scan.Records;
        bool isNext = next.Id == segment.Id + 1 && next.Header is not null;
        if (isNext && scan.NextLsn != next.Header!.PreviousLastLsn + 1)
        {
            throw Damage(file, scan, $"records up to LSN {next.Header.PreviousLastLsn}, then a seal");
        }

        if (scan.SealOffset is null)
        {
            if (isNext && isLastPair && !IsAnythingPromised(next))
            {
                return; // a power cut took the seal: opening writes it again
            }

            scan.Continue(); // after the promise was seen: the seal had been synced before it was made
            if (scan.SealOffset is null)
            {
                throw Damage(file, scan, "a frame, or the seal");
            }
        }

        long end = file.EndOfContent(scan.EndOffset, header.FileBytes);
        if (end > scan.EndOffset)
        {
            throw new WalCorruptException(
                file.Path, scan.EndOffset, new Lsn(scan.NextLsn), "zeros behind the seal", $"bytes up to offset {end}");
        }
    }

    private static WalCorruptException Damage(IStorageFile file, SegmentScan scan, string expected) => new(
        file.Path, scan.EndOffset, new Lsn(scan.NextLsn), expected, scan.SealOffset is null ? scan.Problem : "a seal");

    private bool IsAnythingPromised(SurveyedSegment segment)
    {
        using IStorageFile file = storage.Open(SegmentName.Of(segment.Id), writable: false);
        return SegmentScan.Run(file, segment.Header!).Promise >= segment.Header!.BaseLsn;
    }

    private void Try(Action check)
    {
        try
        {
            check();
        }
        catch (StorageException gone) when (gone.Error == StorageError.NotFound)
        {
            // truncated away meanwhile: no part of the log any more
        }
        catch (IOException problem)
        {
            if (!_problems.Any(other => other.Message == problem.Message))
            {
                _problems.Add(problem);
            }
        }
    }
}
