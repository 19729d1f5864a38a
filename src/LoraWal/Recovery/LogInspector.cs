using System.Globalization;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>Says what opening would find, by the same steps, and changes nothing.</summary>
internal static class LogInspector
{
    private const int MostAttempts = 100;

    /// <summary>Looks at a log.</summary>
    /// <exception cref="WalException">The directory is another program's or version's.</exception>
    /// <exception cref="StorageException">The directory cannot be read.</exception>
    public static WalInspection Inspect(IStorage storage)
    {
        // INVARIANT: damage, or a torn end, counts when two looks in a row find it at the same place. Beside a writer
        // one look may find a promise and, in bytes that it read before that, not yet what is promised; or a seal, and
        // a successor that was not there yet when the directory was read; or bytes behind an end that it had read
        // before they were written. Seals of many segments are at the same offset: hence the LSN.
        (string Path, long Offset, Lsn Lsn)? before = null;
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<string> names = storage.List();
            WalInspection found = Describe(storage, names, SegmentSurvey.Read(storage, names));
            try
            {
                SegmentChain chain = LiveChain.Read(storage);
                WalInspection judged = chain.Run.Count == 0 ? found : Judge(storage, chain, found);
                (string, long, Lsn)? torn = judged.TornSegment is { } segment
                    ? (segment, judged.TornOffset, judged.LastLsn)
                    : null;
                if (torn is null || before == torn || attempt == MostAttempts)
                {
                    return judged;
                }

                before = torn;
            }
            catch (WalCorruptException damage)
            {
                if (before == (damage.Path, damage.Offset, damage.Lsn) || attempt == MostAttempts)
                {
                    return found with { Verdict = TailVerdict.Corrupt, Problem = damage };
                }

                before = (damage.Path, damage.Offset, damage.Lsn);
            }
            catch (StorageException gone) when (gone.Error == StorageError.NotFound && attempt < MostAttempts)
            {
                // truncated away meanwhile: look again
            }
            catch (StorageException failure)
            {
                return found with { Verdict = TailVerdict.Unreadable, Problem = failure };
            }
        }
    }

    private static WalInspection Describe(
        IStorage storage, IReadOnlyList<string> names, IReadOnlyList<SurveyedSegment> segments)
    {
        var infos = new List<WalSegmentInfo>();
        for (int i = 0; i < segments.Count; i++)
        {
            SurveyedSegment segment = segments[i];
            SegmentHeader? next = i + 1 < segments.Count && segments[i + 1].Id == segment.Id + 1
                ? segments[i + 1].Header
                : null;
            infos.Add(new WalSegmentInfo
            {
                Id = segment.Id,
                File = SegmentName.Of(segment.Id),
                FirstLsn = new Lsn(segment.Header?.BaseLsn ?? 0),
                LastLsn = next is null ? null : new Lsn(next.PreviousLastLsn),
                Generation = segment.Header?.Generation ?? 0,
                FileBytes = segment.FileBytes,
                IsSealed = i + 1 < segments.Count,
                Created = segment.Header is { } header
                    ? DateTimeOffset.FromUnixTimeMilliseconds(header.Created)
                    : null,
                Problem = segment.Problem,
            });
        }

        return new WalInspection
        {
            Directory = storage.DirectoryPath,
            LogId = segments.LastOrDefault(segment => segment.Header is not null)?.Header!.LogId
                .ToString("x32", CultureInfo.InvariantCulture),
            Verdict = TailVerdict.Created,
            Segments = infos,
            LogBytes = segments.Sum(segment => segment.FileBytes),
            EvidenceFiles = [.. names.Where(SegmentName.IsTorn).Order(StringComparer.Ordinal)],
        };
    }

    private static WalInspection Judge(IStorage storage, SegmentChain chain, WalInspection found)
    {
        FoundSegment last = chain.Run[^1];
        using IStorageFile file = storage.Open(SegmentName.Of(last.Id), writable: false);
        SegmentScan scan = SegmentScan.Run(file, last.Header);
        long tornEnd = file.EndOfContent(scan.EndOffset, last.Header.FileBytes);
        TailDecision decision = LogRecovery.Decide(storage, file, last, scan, tornEnd, refusesTorn: false);
        SegmentScan? previousScan = null;
        if (scan.Promise < last.Header.BaseLsn && chain.Run.Count > 1)
        {
            using IStorageFile previous = storage.Open(SegmentName.Of(chain.Run[^2].Id), writable: false);
            previousScan = LogRecovery.ScanPredecessor(previous, chain.Run[^2], last);
        }

        ulong floor = Math.Max(scan.Floor, previousScan?.Floor ?? 0);
        chain.CheckHead(storage.DirectoryPath, floor);
        bool isTorn = tornEnd > scan.EndOffset;
        return found with
        {
            Verdict = decision switch
            {
                TailDecision.Clean => TailVerdict.Clean,
                TailDecision.Unclean => TailVerdict.Unclean,
                _ => TailVerdict.Torn,
            },
            Segments = [.. found.Segments.Select(info => Complete(info, chain, scan))],
            OldestLsn = new Lsn(chain.Run[0].Header.BaseLsn),
            LastLsn = new Lsn(scan.NextLsn - 1),
            DurableLsn = new Lsn(Math.Max(scan.Promise, last.Header.PreviousLastLsn)),
            CheckpointLsn = new Lsn(Math.Max(scan.Fence, previousScan?.Fence ?? 0)),
            FloorLsn = new Lsn(floor),
            Generation = Math.Max(scan.Generation, previousScan?.Generation ?? 0),
            TornBytes = tornEnd - scan.EndOffset,
            TornSegment = isTorn ? SegmentName.Of(last.Id) : null,
            TornOffset = isTorn ? scan.EndOffset : 0,
        };
    }

    private static WalSegmentInfo Complete(WalSegmentInfo info, SegmentChain chain, SegmentScan scan) =>
        info.Id == chain.Run[^1].Id ? info with { LastLsn = new Lsn(scan.NextLsn - 1) }
            : chain.Leftovers.Contains(info.Id) ? info with { IsLeftover = true }
            : info;
}
