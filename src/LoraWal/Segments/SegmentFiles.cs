using LoraWal.Storage;

namespace LoraWal.Segments;

/// <summary>Makes, opens and deletes segment files.</summary>
internal sealed class SegmentFiles(IStorage storage)
{
    // A directory's error is told to one sync alone. So no one else's sync may fall between a rename and its own: that
    // of a segment would then report success for a name that is not on the disk.
    private readonly Lock _publishing = new();

    public IStorage Storage => storage;

    /// <summary>Whether the calling thread is between a rename and its sync.</summary>
    public bool IsChangingNames => _publishing.IsHeldByCurrentThread;

    /// <summary>Makes a file of zeros under a temporary name, synced. Whatever had that name goes.</summary>
    public IStorageFile Fill(string temporaryName, long bytes)
    {
        TryDelete(temporaryName);
        IStorageFile file = storage.Create(temporaryName);
        try
        {
            file.WriteZeros(0, bytes);
            file.Sync();
            return file;
        }
        catch
        {
            Discard(file, temporaryName);
            throw;
        }
    }

    /// <summary>Writes a header into a filled file, still under its temporary name, and syncs it.</summary>
    // ORDER: a segment's header is whole on the disk before the segment has its name. A crash before the rename leaves
    // a temporary file, which the next open deletes; there is never a named segment without a valid header.
    public static void WriteHeader(IStorageFile file, SegmentHeader header)
    {
        byte[] block = new byte[SegmentLayout.HeaderBlockBytes];
        header.Encode(block);
        file.WriteAll(0, block);
        file.Sync();
    }

    /// <summary>Gives a finished file its name, durably. A failure leaves in doubt which name it has.</summary>
    public void Publish(IStorageFile file, string temporaryName, long id)
    {
        lock (_publishing)
        {
            storage.Rename(temporaryName, SegmentName.Of(id));
            file.Path = Path.Combine(storage.DirectoryPath, SegmentName.Of(id));
            storage.SyncDirectory();
        }
    }

    /// <summary>Changes names and syncs the directory, with nobody else's sync in between.</summary>
    public void ChangeNames(Action change)
    {
        lock (_publishing)
        {
            change();
        }
    }

    /// <summary>Gives a finished file that is not a segment its name, durably, in place of any that has it.</summary>
    public void PublishOther(string temporaryName, string name)
    {
        lock (_publishing)
        {
            storage.Replace(temporaryName, name);
            storage.SyncDirectory();
        }
    }

    /// <summary>Closes and deletes a file that has no name of its own yet.</summary>
    public void Discard(IStorageFile file, string temporaryName)
    {
        file.Dispose();
        TryDelete(temporaryName);
    }

    /// <summary>Deletes a file if it is there and can be deleted.</summary>
    public bool TryDelete(string name)
    {
        try
        {
            return storage.Delete(name);
        }
        catch (StorageException)
        {
            return false; // a leftover: the next open deletes it
        }
    }

    /// <summary>Reads and checks a segment's header.</summary>
    /// <exception cref="WalCorruptException">It is damaged, or not this segment's.</exception>
    /// <exception cref="WalException">It is of another version.</exception>
    public static SegmentHeader ReadHeader(IStorageFile file, long id)
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        int read = file.ReadFully(0, bytes);
        HeaderStatus status = SegmentHeader.Decode(bytes[..read], out uint version, out SegmentHeader? header);
        if (status == HeaderStatus.UnsupportedVersion)
        {
            throw new WalException(
                $"'{file.Path}' has format version {version}; this version reads {SegmentHeader.SupportedVersion}. "
                + (version == 1
                    ? "This directory belongs to LoraDB: name another one."
                    : "Open it with the later version that wrote it. If there is none, its header is damaged: "
                    + "bring the file back from a copy."));
        }

        if (status != HeaderStatus.Ok)
        {
            throw new WalCorruptException(
                file.Path,
                0,
                Lsn.None,
                "a segment header",
                status == HeaderStatus.NotOurs ? "bytes of something else" : "a damaged or shortened one");
        }

        if (header!.SegmentId != id)
        {
            throw new WalCorruptException(
                file.Path, 0, Lsn.None, $"the header of segment {id}", $"that of segment {header.SegmentId}");
        }

        if (header.FileBytes != file.Length)
        {
            throw new WalCorruptException(
                file.Path, 0, Lsn.None, $"a file of {header.FileBytes} bytes", $"one of {file.Length}");
        }

        if (header.Created is < SegmentHeader.EarliestCreated or > SegmentHeader.LatestCreated)
        {
            throw new WalCorruptException(
                file.Path, 0, Lsn.None, "a creation time in the years 1 to 9999", $"{header.Created} ms since 1970");
        }

        if (header.BaseLsn > SegmentHeader.GreatestBaseLsn)
        {
            throw new WalCorruptException(
                file.Path, 0, Lsn.None, $"a base LSN of at most {SegmentHeader.GreatestBaseLsn}", $"{header.BaseLsn}");
        }

        return header.BaseLsn > header.PreviousLastLsn
            ? header
            : throw new WalCorruptException(
                file.Path, 0, Lsn.None, $"a base LSN above {header.PreviousLastLsn}", $"{header.BaseLsn}");
    }
}
