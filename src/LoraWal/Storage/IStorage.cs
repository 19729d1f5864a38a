namespace LoraWal.Storage;

/// <summary>One log directory: every effect of the log on the outside world goes through here.</summary>
/// <remarks>
/// A narrow door with no logic behind it, so that a simulated disk can stand in. Names are file names within the
/// directory. A failed call throws <see cref="StorageException"/>, which names the call, the path and the error; a
/// call interrupted by a signal is made again. Used by several threads at once.
/// </remarks>
internal interface IStorage : IDisposable
{
    /// <summary>Full path of the directory, for messages and for combining with names.</summary>
    string DirectoryPath { get; }

    /// <summary>Creates the directory and its missing parents, then syncs it and every parent that this or an earlier
    /// call may have created. Afterwards the directory's own name is durable.</summary>
    void CreateDirectory();

    /// <summary>Takes the directory's lock until this storage is disposed of, and says who holds it.</summary>
    /// <param name="owner">Who we are, for the messages of others; written beside the lock, never trusted.</param>
    /// <param name="allowUnsafe">Whether to go on where there are no dependable locks.</param>
    /// <exception cref="WalInUseException">Someone else holds it.</exception>
    /// <exception cref="WalException">The file system has no dependable locks.</exception>
    void Lock(OwnerRecord owner, bool allowUnsafe);

    /// <summary>Whether the path still leads to the directory whose lock is held.</summary>
    bool StillOwnsDirectory();

    /// <summary>Names of all files in the directory, in no order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Creates an empty file for reading and writing. Its name is durable only after
    /// <see cref="SyncDirectory"/>.</summary>
    /// <exception cref="StorageException">It exists, or cannot be created.</exception>
    IStorageFile Create(string name);

    /// <summary>Opens a file that exists.</summary>
    IStorageFile Open(string name, bool writable);

    /// <summary>Renames a file, replacing nothing: the new name must be free. Durable only after
    /// <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Renames a file over another one, or to a free name, in one step: at every moment, and after a power
    /// cut, the new name has the old file or the new one. Durable only after <see cref="SyncDirectory"/>; what the new
    /// file holds then is what was synced of it.</summary>
    void Replace(string from, string to);

    /// <summary>Deletes a file. Durable only after <see cref="SyncDirectory"/>.</summary>
    /// <returns>Whether there was one.</returns>
    bool Delete(string name);

    /// <summary>Syncs the directory: names created, renamed and deleted before the call survive a power cut.</summary>
    void SyncDirectory();

    /// <summary>Bytes that may still be written to the file system; null if it does not say.</summary>
    long? FreeBytes();
}
