using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>What recovery needs to know.</summary>
/// <param name="SegmentBytes">Size of the first segment, if there is none.</param>
/// <param name="ReplayAfter">The fence at open: a new log begins above it.</param>
/// <param name="RefusesTorn">Whether a torn tail is left for a person to decide.</param>
/// <param name="FillRandom">Fills a span with random bytes.</param>
/// <param name="Now">The time.</param>
internal sealed record RecoverySettings(
    long SegmentBytes, ulong ReplayAfter, bool RefusesTorn, Action<Memory<byte>> FillRandom, DateTimeOffset Now)
{
    /// <summary>The id of a new log; null: a random one.</summary>
    public UInt128? LogId { get; init; }
}

/// <summary>Brings a log back from whatever a crash left of it. docs/recovery.md tells the same in prose.</summary>
// ORDER: a crash may fall between any two of these; the next open does them again.
//   1. read: headers, the last segment, perhaps its predecessor      nothing is changed before the verdict
//   2. sync the directory                                            before anything rests on a name
//   3. keep the torn bytes in a file of their own                    before they are zeroed where they are
//   4. predecessor: zero its tail, write its seal again, sync        if nothing in the last segment is proven
//   5. last segment: zero its tail, write what is not proven, sync   now everything in it is durable
//   6. append the open marker, sync                                  only now may anything promise it
//   7. delete leftovers
//
// WHY 2, although CreateDirectory has synced it: that was before the lock. The owner before us may have renamed a
// segment meanwhile, and been killed before its own sync: the name can be read, and need not be on the disk.
internal sealed class LogRecovery(SegmentFiles files, RecoverySettings settings)
{
    private readonly IStorage _storage = files.Storage;

    /// <summary>Recovers the log, or creates it. The directory's lock is held.</summary>
    /// <exception cref="WalCorruptException">Something durable is damaged or missing. Nothing was changed.</exception>
    /// <exception cref="WalException">The directory is another program's or version's. Nothing was changed.</exception>
    /// <exception cref="StorageException">A call failed. The next attempt starts over.</exception>
    public RecoveredLog Run()
    {
        IReadOnlyList<string> names = _storage.List();
        SegmentChain chain = SegmentChain.Read(_storage, names);
        return chain.Run.Count == 0 ? Create(names) : Recover(chain, names);
    }

    private RecoveredLog Recover(SegmentChain chain, IReadOnlyList<string> names)
    {
        FoundSegment last = chain.Run[^1];
        FoundSegment? previous = null;
        IStorageFile? previousFile = null;
        IStorageFile file = _storage.Open(SegmentName.Of(last.Id), writable: true);
        try
        {
            SegmentScan scan = SegmentScan.Run(file, last.Header);
            long tornEnd = file.EndOfContent(scan.EndOffset, last.Header.FileBytes);
            TailDecision decision = Decide(_storage, file, last, scan, tornEnd, settings.RefusesTorn);

            SegmentScan? previousScan = null;
            if (scan.Promise < last.Header.BaseLsn && chain.Run.Count > 1)
            {
                previous = chain.Run[^2];
                previousFile = _storage.Open(SegmentName.Of(previous.Id), writable: true);
                previousScan = ScanPredecessor(previousFile, previous, last);
            }

            ulong floor = Math.Max(scan.Floor, previousScan?.Floor ?? 0);
            chain.CheckHead(_storage.DirectoryPath, floor);

            _storage.SyncDirectory(); // the verdict is known: from here on the directory changes
            string? setAside = decision == TailDecision.SetTornTailAside
                ? TailRepair.SetAside(files, names, file, last.Id, scan.EndOffset, tornEnd)
                : null;
            if (previousFile is not null)
            {
                SealAgain(previousFile, previous!, previousScan!);
            }

            TailRepair.Rewrite(file, last.Header, scan);
            file.Sync();

            uint generation = 1 + Math.Max(scan.Generation, previousScan?.Generation ?? 0);
            ulong fence = Math.Max(scan.Fence, previousScan?.Fence ?? 0);
            var active = new SegmentWriter(file, last.Header, scan.EndOffset, scan.NextLsn);
            WriteOpenMarker(active, new Marker(MarkerReason.Open, generation, fence, floor));
            int deleted = DeleteLeftovers(chain, names);

            return new RecoveredLog
            {
                Active = active,
                Segments = [.. chain.Run.Select(found => found.ToEntry())],
                Generation = generation,
                Fence = fence,
                Floor = floor,
                Report = Report(chain, scan, previousScan, decision) with
                {
                    Generation = generation,
                    CheckpointLsn = new Lsn(fence),
                    TornBytes = tornEnd - scan.EndOffset,
                    TornSegment = tornEnd > scan.EndOffset ? SegmentName.Of(last.Id) : null,
                    TornOffset = tornEnd > scan.EndOffset ? scan.EndOffset : 0,
                    SetAsideAs = setAside,
                    LeftoversDeleted = deleted,
                },
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
        finally
        {
            previousFile?.Dispose();
        }
    }

    /// <summary>Judges the end of the newest segment. Changes nothing.</summary>
    /// <exception cref="WalCorruptException">It is damaged, or its successor is missing.</exception>
    public static TailDecision Decide(
        IStorage storage, IStorageFile file, FoundSegment last, SegmentScan scan, long tornEnd, bool refusesTorn)
    {
        if (scan.SealOffset is { } seal)
        {
            throw new WalCorruptException(
                storage.DirectoryPath,
                seal,
                new Lsn(scan.NextLsn),
                $"segment {SegmentName.Of(last.Id + 1)}, whose predecessor is sealed",
                "no such file");
        }

        long? promise = PromiseScan.Find(file, last.Header, scan.EndOffset, tornEnd, scan.NextLsn);
        TailDecision decision = TailClassifier.Classify(new TailFacts(
            BytesLeft: tornEnd > scan.EndOffset,
            PromisedDurable: promise is not null,
            scan.EndsInClose,
            refusesTorn));
        return decision switch
        {
            TailDecision.RefuseCorrupt => throw new WalCorruptException(
                file.Path,
                scan.EndOffset,
                new Lsn(scan.NextLsn),
                $"a valid frame, which the frame at offset {promise} says had been synced",
                scan.Problem),
            TailDecision.RefuseTornTail => throw new WalCorruptException(
                file.Path,
                scan.EndOffset,
                new Lsn(scan.NextLsn),
                "a valid frame or zeros (the options refuse a torn tail)",
                $"{scan.Problem}, {tornEnd - scan.EndOffset} bytes"),
            _ => decision,
        };
    }

    /// <summary>Scans the segment before the newest one, which must end where that one begins.</summary>
    /// <exception cref="WalCorruptException">It does not.</exception>
    public static SegmentScan ScanPredecessor(IStorageFile file, FoundSegment previous, FoundSegment last)
    {
        SegmentScan scan = SegmentScan.Run(file, previous.Header);
        return scan.NextLsn == last.Header.PreviousLastLsn + 1
            ? scan
            : throw new WalCorruptException(
                file.Path,
                scan.EndOffset,
                new Lsn(scan.NextLsn),
                $"records up to LSN {last.Header.PreviousLastLsn}, which the next segment says were durable",
                scan.SealOffset is null ? scan.Problem : "a seal");
    }

    private void SealAgain(IStorageFile file, FoundSegment previous, SegmentScan scan)
    {
        file.WriteZeros(scan.EndOffset, previous.Header.FileBytes);
        long seal = scan.SealOffset ?? scan.EndOffset;
        var reader = new FrameReader(file, previous.Header);
        reader.Seek(seal, scan.NextLsn);
        if (reader.Read(previous.Header.FileBytes) == FrameStatus.Ok && reader.Header.Kind == FrameKind.Seal)
        {
            // WHY NOT a new one: a reader in another process would find no seal while it is being written. The bytes
            // are those just validated: the kernel may have dropped the page since the scan.
            file.WriteAll(seal, reader.Frame.Span);
        }
        else
        {
            new SegmentWriter(file, previous.Header, seal, scan.NextLsn)
                .WriteSeal(new FrameStamp(scan.NextLsn - 1, settings.Now));
        }

        file.Sync();
    }

    private void WriteOpenMarker(SegmentWriter active, Marker marker)
    {
        if (active.HasRoom(MarkerReason.Open))
        {
            active.WriteMarker(marker, new FrameStamp(active.NextLsn - 1, settings.Now));
            active.File.Sync();
        }
    }

    private int DeleteLeftovers(SegmentChain chain, IReadOnlyList<string> names)
    {
        int deleted = names.Where(SegmentName.IsTemporary)
            .Concat(chain.Leftovers.Select(SegmentName.Of))
            .Count(files.TryDelete);
        if (deleted > 0)
        {
            _storage.SyncDirectory();
        }

        return deleted;
    }

    private static RecoveryReport Report(
        SegmentChain chain, SegmentScan scan, SegmentScan? previousScan, TailDecision decision) => new()
    {
        Verdict = decision switch
        {
            TailDecision.Clean => TailVerdict.Clean,
            TailDecision.Unclean => TailVerdict.Unclean,
            _ => TailVerdict.Torn,
        },
        SegmentCount = chain.Run.Count,
        LogBytes = chain.Run.Sum(found => found.Header.FileBytes),
        OldestLsn = new Lsn(chain.Run[0].Header.BaseLsn),
        LastLsn = new Lsn(scan.NextLsn - 1),
        RecordsScanned = scan.Records + (previousScan?.Records ?? 0),
        RewrittenBytes = scan.EndOffset - scan.ProvenEnd,
    };

    private RecoveredLog Create(IReadOnlyList<string> names)
    {
        int deleted = names.Where(SegmentName.IsTemporary).Count(files.TryDelete);
        byte[] random = new byte[20];
        settings.FillRandom(random);
        var header = new SegmentHeader
        {
            Generation = 1,
            LogId = settings.LogId ?? BitConverter.ToUInt128(random),
            SegmentId = 1,
            PreviousLastLsn = settings.ReplayAfter,
            BaseLsn = settings.ReplayAfter + 1,
            Floor = settings.ReplayAfter,
            Fence = settings.ReplayAfter,
            Created = settings.Now.ToUnixTimeMilliseconds(),
            Salt = BitConverter.ToUInt32(random, 16),
            FileBytes = settings.SegmentBytes,
        };
        IStorageFile file = CreateFirst(header);
        return new RecoveredLog
        {
            Active = new SegmentWriter(file, header, SegmentLayout.HeaderBlockBytes, header.BaseLsn),
            Segments = [new SegmentEntry(header)],
            Generation = 1,
            Fence = header.Fence,
            Floor = header.Floor,
            Report = new RecoveryReport
            {
                Verdict = TailVerdict.Created,
                Generation = 1,
                OldestLsn = new Lsn(header.BaseLsn),
                LastLsn = new Lsn(header.PreviousLastLsn),
                CheckpointLsn = new Lsn(header.Fence),
                LeftoversDeleted = deleted,
            },
        };
    }

    private IStorageFile CreateFirst(SegmentHeader header)
    {
        try
        {
            IStorageFile file = files.Fill(SegmentName.Urgent, settings.SegmentBytes);
            try
            {
                SegmentFiles.WriteHeader(file, header);
                files.Publish(file, SegmentName.Urgent, header.SegmentId);
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (StorageException failure) when (failure.IsShortage)
        {
            throw new WalFullException(
                $"No space is left for the first segment ({settings.SegmentBytes} bytes): {failure.Message} "
                + "Free space and open the log again.",
                failure);
        }
    }
}
