using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Machines;

/// <summary>The snapshots of one machine that are there: which count, which have to go.</summary>
internal sealed class SnapshotShelf
{
    private readonly IStorage _storage;
    private readonly string _machine;
    private readonly SortedSet<ulong> _good = [];
    private readonly HashSet<ulong> _unwanted = [];
    private ulong _newest;

    public SnapshotShelf(IStorage storage, string machine)
    {
        _storage = storage;
        _machine = machine;
        Names = storage.List();
        foreach (string name in Names)
        {
            if (SnapshotName.TryParse(name, out ulong lsn, out string owner) && owner == machine)
            {
                _good.Add(lsn);
            }
        }
    }

    /// <summary>All names in the directory when it was looked at.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Newest first; a damaged one is one no longer.</summary>
    public IReadOnlyList<ulong> Good => [.. _good.Reverse()];

    public int Count => _good.Count;

    public int RejectedCount => _unwanted.Count;

    /// <summary>What the newest one covers, of which that is known; 0 without one. May be read by any thread.</summary>
    public ulong Newest => Volatile.Read(ref _newest);

    public ulong Oldest => _good.Min;

    /// <summary>It has been loaded, or written: it is good.</summary>
    public void Add(ulong lsn)
    {
        _good.Add(lsn);
        _unwanted.Remove(lsn);
        Volatile.Write(ref _newest, lsn);
    }

    /// <summary>It counts no more, and goes when a newer one is there.</summary>
    public void Reject(ulong lsn)
    {
        _good.Remove(lsn);
        _unwanted.Add(lsn);
    }

    /// <summary>Deletes all but the newest ones.</summary>
    /// <returns>The first failure; what is left is tried again with the next snapshot.</returns>
    public StorageException? DeleteSurplus(int keep)
    {
        while (_good.Count > keep)
        {
            Reject(_good.Min);
        }

        StorageException? first = null;
        foreach (ulong lsn in _unwanted.ToArray())
        {
            try
            {
                _storage.Delete(SnapshotName.Of(lsn, _machine));
                _unwanted.Remove(lsn);
            }
            catch (StorageException failure)
            {
                first ??= failure;
            }
        }

        return first;
    }
}
