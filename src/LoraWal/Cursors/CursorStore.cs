using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Cursors;

/// <summary>A cursor as it is on the disk: its file, or what is wrong with it.</summary>
internal sealed record StoredCursor(string Name, CursorFile? File, WalCursorException? Problem);

/// <summary>Reads, replaces and deletes cursor files.</summary>
internal sealed class CursorStore(IStorage storage)
{
    /// <summary>Every cursor of a directory, by name.</summary>
    /// <param name="logId">The log in that directory.</param>
    /// <param name="last">The last LSN that is durable there: no position is above it.</param>
    /// <exception cref="StorageException">The directory cannot be read.</exception>
    public IReadOnlyList<StoredCursor> ReadAll(UInt128 logId, ulong last)
    {
        var found = new List<StoredCursor>();
        foreach (string file in storage.List())
        {
            if (CursorName.TryParse(file, out string name) && Read(name, logId, last) is { } cursor)
            {
                found.Add(cursor);
            }
        }

        found.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return found;
    }

    /// <summary>One cursor; null if there is none.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="logId">The log in that directory.</param>
    /// <param name="last">The last LSN that is durable there: no position is above it.</param>
    public StoredCursor? Read(string name, UInt128 logId, ulong last)
    {
        byte[] bytes = new byte[CursorFile.Bytes + 1];
        int read;
        try
        {
            using IStorageFile file = storage.Open(CursorName.FileOf(name), writable: false);
            read = file.ReadFully(0, bytes);
        }
        catch (StorageException gone) when (gone.Error == StorageError.NotFound)
        {
            return null;
        }
        catch (StorageException failure)
        {
            string detail = $"cannot be read: {failure.Message}";
            return Refused(name, WalCursorProblem.Unreadable, detail, failure);
        }

        CursorFile? found = CursorFile.Decode(
            bytes.AsSpan(0, read), name, out WalCursorProblem problem, out string what);
        if (found is null)
        {
            return Refused(name, problem, what);
        }

        if (found.LogId != logId)
        {
            return Refused(name, WalCursorProblem.OtherLog, $"belongs to another log ({found.LogId:x32})");
        }

        return found.Position > last
            ? Refused(
                name,
                WalCursorProblem.AheadOfLog,
                $"stands at LSN {found.Position}, but the log ends at LSN {last}: it has been cut or replaced")
            : new StoredCursor(name, found, null);
    }

    /// <summary>Puts a cursor's next file in the place of the one before.</summary>
    /// <exception cref="StorageException">A call failed; the old file is still in place.</exception>
    // ORDER: 1 write under a temporary name   2 sync   3 rename over   4 SyncDirectory, which is the caller's
    // A crash in between leaves the old file or the new one under the name, whole either way. A file whose sync failed
    // is never synced again: it goes, and the next attempt begins with a new one.
    public void Replace(CursorFile cursor)
    {
        string temporary = CursorName.TemporaryOf(cursor.Name);
        try
        {
            using (IStorageFile file = CreateAnew(temporary))
            {
                file.WriteAll(0, cursor.Encode());
                file.Sync();
            }

            storage.Replace(temporary, CursorName.FileOf(cursor.Name));
        }
        catch (StorageException)
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Makes the names durable.</summary>
    public void SyncDirectory() => storage.SyncDirectory();

    /// <summary>Deletes a cursor's file. Durable after <see cref="SyncDirectory"/>.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Delete(string name) => storage.Delete(CursorName.FileOf(name));

    /// <summary>Deletes what attempts that were cut short have left.</summary>
    public void DeleteLeftovers()
    {
        foreach (string file in storage.List())
        {
            if (CursorName.TryParseTemporary(file, out _))
            {
                TryDelete(file);
            }
        }
    }

    private IStorageFile CreateAnew(string temporary)
    {
        try
        {
            return storage.Create(temporary);
        }
        catch (StorageException taken) when (taken.Error == StorageError.Exists)
        {
            storage.Delete(temporary); // of an attempt that failed and could not clean up
            return storage.Create(temporary);
        }
    }

    private void TryDelete(string name)
    {
        try
        {
            storage.Delete(name);
        }
        catch (StorageException)
        {
            // A leftover: the next attempt or the next open deletes it.
        }
    }

    private StoredCursor Refused(string name, WalCursorProblem problem, string detail, Exception? cause = null) =>
        new(name, null, new WalCursorException(name, storage.DirectoryPath, problem, detail, cause));
}
