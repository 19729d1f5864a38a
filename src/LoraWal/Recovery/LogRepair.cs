using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>Cuts a log after a record because a person has decided so: what opening refuses to do.</summary>
// ORDER: a crash may fall between any two of these; the same repair, run again, then goes on.
//   1. keep the bytes that are cut from the kept segment in a .torn file   before anything is changed
//   2. rename the later segments to .torn, newest first, each durably      the newest one left is sealed: it is refused
//   3. write a marker where the log is cut, sync                           floor, fence and generation must survive
//   4. zero what follows, sync                                             now the log opens
//
// WHY NOT the cut first: opening looks at the newest segment only, and would go on writing above the hole.
// WHY NOT zeros before the marker: the only trace of the newest floor may lie among what is zeroed, and without it a
// truncated log looks as if it had lost its head.
internal sealed class LogRepair(SegmentFiles files, DateTimeOffset now)
{
    private readonly IStorage _storage = files.Storage;

    /// <summary>Carries a plan out. The directory's lock is held, and was held when the plan was made.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="withoutEvidence">Whether to go on if there is no space to keep the cut bytes.</param>
    /// <returns>Names of the files that keep what was taken out.</returns>
    /// <exception cref="WalFullException">There is no space for the evidence. Nothing was changed.</exception>
    /// <exception cref="StorageException">A call failed. The repair can be run again.</exception>
    public IReadOnlyList<string> Run(RepairPlan plan, bool withoutEvidence)
    {
        var evidence = new List<string>();
        using IStorageFile file = _storage.Open(SegmentName.Of(plan.Kept.Id), writable: true);
        if (plan.CutEnd > plan.CutOffset)
        {
            string? name = TailRepair.SetAside(
                files, _storage.List(), file, plan.Kept.Id, plan.CutOffset, plan.CutEnd);
            if (name is not null)
            {
                evidence.Add(name);
            }
            else if (!withoutEvidence)
            {
                throw new WalFullException(
                    $"There is no space in '{_storage.DirectoryPath}' to keep the {plan.CutEnd - plan.CutOffset} bytes "
                    + $"that would be cut from '{file.Path}'. Nothing was changed. Free space, or say that they need "
                    + "not be kept.");
            }
        }

        evidence.AddRange(plan.Removed.Select(SetAsideWhole));
        var writer = new SegmentWriter(file, plan.Kept.Header, plan.CutOffset, plan.NextLsn);
        writer.WriteMarker(plan.Marker, new FrameStamp(plan.Promise, now));
        file.Sync();
        file.WriteZeros(writer.Offset, plan.Kept.Header.FileBytes);
        file.Sync();
        return evidence;
    }

    // A rename needs no space, and what cannot be read is kept, too.
    private string SetAsideWhole(SurveyedSegment segment)
    {
        IReadOnlyList<string> taken = _storage.List();
        int copy = 0;
        while (taken.Contains(SegmentName.Torn(segment.Id, 0, copy)))
        {
            copy++; // never over older evidence
        }

        string name = SegmentName.Torn(segment.Id, 0, copy);
        using (IStorageFile file = _storage.Open(SegmentName.Of(segment.Id), writable: true))
        {
            file.Sync();
        }

        _storage.Rename(SegmentName.Of(segment.Id), name);
        _storage.SyncDirectory();
        return name;
    }
}
