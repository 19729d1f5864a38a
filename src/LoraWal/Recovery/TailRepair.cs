using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>What recovery does to a segment, in place: a repair that needs space fails on a full disk.</summary>
internal static class TailRepair
{
    private const int CopyBytes = 256 * 1024;

    /// <summary>Keeps the bytes of a torn tail in a file of their own, durably.</summary>
    /// <returns>Its name; null if the disk is too full.</returns>
    /// <exception cref="StorageException">Anything else failed.</exception>
    public static string? SetAside(
        SegmentFiles files, IReadOnlyList<string> taken, IStorageFile source, long id, long from, long to)
    {
        int copy = 0;
        while (taken.Contains(SegmentName.Torn(id, from, copy)))
        {
            copy++; // never over older evidence
        }

        string name = SegmentName.Torn(id, from, copy);
        string temporary = SegmentName.TornTemporary(name);
        files.TryDelete(temporary);
        try
        {
            // ORDER: the evidence is whole on the disk before it has its name, and has its name, durably, before the
            // bytes are zeroed where they are.
            using (IStorageFile target = files.Storage.Create(temporary))
            {
                Copy(source, from, to, target);
                target.Sync();
            }

            files.Storage.Rename(temporary, name);
            files.Storage.SyncDirectory();
            return name;
        }
        catch (StorageException failure) when (failure.IsShortage)
        {
            files.TryDelete(temporary);
            return null;
        }
    }

    /// <summary>Zeros everything behind the valid frames, and writes every frame that nothing proves durable once more,
    /// from the very bytes that are validated.</summary>
    /// <remarks>Not synced. WHY NOT just sync: after a failed sync a new process still reads the bytes that never
    /// reached the disk, and its own sync succeeds without writing them. docs/adr/0002-rewrite-what-is-not-proven.md
    /// </remarks>
    public static void Rewrite(IStorageFile file, SegmentHeader header, SegmentScan scan)
    {
        file.WriteZeros(scan.EndOffset, header.FileBytes);

        var reader = new FrameReader(file, header, new ReadBuffer(isReused: true));
        reader.Seek(scan.ProvenEnd, scan.ProvenNextLsn);
        byte[] piece = new byte[Math.Min(CopyBytes, scan.EndOffset - scan.ProvenEnd)];
        int used = 0;
        long target = reader.Offset;
        while (reader.Offset < scan.EndOffset)
        {
            if (reader.Read(scan.EndOffset) != FrameStatus.Ok)
            {
                // Not damage: after a failed sync the kernel may drop pages that the disk never got. The next open
                // judges what is left.
                throw new StorageException(
                    $"reading again at offset {reader.Offset}",
                    file.Path,
                    StorageError.Other,
                    $"the frame with LSN {reader.ExpectedLsn} was valid a moment ago, now there is {reader.Problem}. "
                    + "Open the log again.");
            }

            ReadOnlySpan<byte> frame = reader.Frame.Span;
            if (used + frame.Length > piece.Length)
            {
                file.WriteAll(target, piece.AsSpan(0, used));
                target += used;
                used = 0;
            }

            if (frame.Length > piece.Length)
            {
                file.WriteAll(target, frame);
                target += frame.Length;
            }
            else
            {
                frame.CopyTo(piece.AsSpan(used));
                used += frame.Length;
            }
        }

        file.WriteAll(target, piece.AsSpan(0, used));
    }

    private static void Copy(IStorageFile source, long from, long to, IStorageFile target)
    {
        byte[] piece = new byte[Math.Min(CopyBytes, to - from)];
        for (long offset = from; offset < to;)
        {
            int read = source.ReadFully(offset, piece.AsSpan(0, (int)Math.Min(piece.Length, to - offset)));
            if (read == 0)
            {
                break;
            }

            target.WriteAll(offset - from, piece.AsSpan(0, read));
            offset += read;
        }
    }
}
