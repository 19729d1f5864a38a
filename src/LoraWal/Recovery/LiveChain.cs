using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>Reads a chain of segments that another process may be changing meanwhile.</summary>
internal static class LiveChain
{
    private const int MostAttempts = 100;

    /// <summary>Reads the headers of all segments, until no segment has come or gone in between.</summary>
    /// <exception cref="WalCorruptException">A header is damaged, foreign, or does not follow.</exception>
    /// <exception cref="WalException">A header is of another version.</exception>
    /// <exception cref="StorageException">A call failed.</exception>
    // WHY the second listing: the directory is not read in one moment. Two rotations in between can hide the first of
    // two new segments, which looks like a gap; a truncation takes files away that have just been listed.
    public static SegmentChain Read(IStorage storage)
    {
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<string> names = storage.List();
            try
            {
                SegmentChain chain = SegmentChain.Read(storage, names);
                if (chain.Leftovers.Count == 0 || attempt == MostAttempts || IsUnchanged(storage, names))
                {
                    return chain;
                }
            }
            catch (Exception failure) when (IsPerhapsOvertaken(failure)
                && attempt < MostAttempts && !IsUnchanged(storage, names))
            {
                // the directory has changed meanwhile: that may be all
            }
        }
    }

    /// <summary>Whether a failure can come from files that are made and deleted while they are looked at.</summary>
    public static bool IsPerhapsOvertaken(Exception failure) =>
        failure is WalCorruptException or StorageException { Error: StorageError.NotFound };

    private static bool IsUnchanged(IStorage storage, IReadOnlyList<string> names) =>
        SegmentsOf(names).SetEquals(SegmentsOf(storage.List()));

    private static HashSet<string> SegmentsOf(IReadOnlyList<string> names) =>
        [.. names.Where(name => SegmentName.TryParse(name, out _))];
}
