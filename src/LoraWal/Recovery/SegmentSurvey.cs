using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>A segment file as it is: with its header, or with what is wrong with that.</summary>
/// <param name="Id">The id that its name says.</param>
/// <param name="Header">The header; null if it is not valid or cannot be read.</param>
/// <param name="FileBytes">Size of the file.</param>
/// <param name="Problem">Why there is no header; null if there is one.</param>
internal sealed record SurveyedSegment(long Id, SegmentHeader? Header, long FileBytes, IOException? Problem);

/// <summary>Looks at all segments of a directory and stops at none, unlike <see cref="SegmentChain"/>.</summary>
internal static class SegmentSurvey
{
    /// <summary>All segments, oldest first.</summary>
    /// <exception cref="WalException">One is of another version: not the directory of a log like ours.</exception>
    /// <exception cref="StorageException">The directory could not be read.</exception>
    public static IReadOnlyList<SurveyedSegment> Read(IStorage storage, IReadOnlyList<string> names)
    {
        var found = new List<SurveyedSegment>();
        foreach (string name in names)
        {
            if (SegmentName.TryParse(name, out long id) && Look(storage, name, id) is { } segment)
            {
                found.Add(segment);
            }
        }

        found.Sort((left, right) => left.Id.CompareTo(right.Id));
        return found;
    }

    private static SurveyedSegment? Look(IStorage storage, string name, long id)
    {
        long bytes = 0;
        try
        {
            using IStorageFile file = storage.Open(name, writable: false);
            bytes = file.Length;
            return new SurveyedSegment(id, SegmentFiles.ReadHeader(file, id), bytes, null);
        }
        catch (StorageException gone) when (gone.Error == StorageError.NotFound)
        {
            return null; // truncated away since the directory was read
        }
        catch (IOException failure) when (failure is WalCorruptException or StorageException)
        {
            return new SurveyedSegment(id, null, bytes, failure);
        }
    }
}
