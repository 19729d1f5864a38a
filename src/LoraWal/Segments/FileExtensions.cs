using LoraWal.Storage;

namespace LoraWal.Segments;

/// <summary>Whole reads and writes out of the single calls of a file.</summary>
internal static class FileExtensions
{
    // WHY NOT larger: zeros written in large pieces come to lie in large folios of the page cache, which halve the rate
    // of the small writes that follow (measured 616 k/s against 1,278 k/s).
    private const int ZeroPieceBytes = 4096;

    private static readonly byte[] Zeros = new byte[ZeroPieceBytes];

    /// <summary>Writes everything, continuing after short writes.</summary>
    /// <exception cref="StorageException">A call failed, or wrote nothing.</exception>
    public static void WriteAll(this IStorageFile file, long offset, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            int written = file.Write(offset, source);
            if (written <= 0)
            {
                throw new StorageException(
                    $"write at offset {offset}", file.Path, StorageError.NoProgress, "it wrote 0 bytes");
            }

            offset += written;
            source = source[written..];
        }
    }

    /// <summary>Reads until the target is full or the file ends.</summary>
    /// <returns>Bytes read.</returns>
    public static int ReadFully(this IStorageFile file, long offset, Span<byte> target)
    {
        int total = 0;
        while (total < target.Length)
        {
            int read = file.Read(offset + total, target[total..]);
            if (read <= 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    /// <summary>Writes zeros from an offset up to, not including, another.</summary>
    public static void WriteZeros(this IStorageFile file, long from, long to)
    {
        while (from < to)
        {
            int piece = (int)Math.Min(to - from, ZeroPieceBytes - (from % ZeroPieceBytes));
            file.WriteAll(from, Zeros.AsSpan(0, piece));
            from += piece;
        }
    }

    /// <summary>Finds the bytes that are not zero.</summary>
    /// <returns>Offset just after the last byte that is not zero; <paramref name="from"/> without any.</returns>
    public static long EndOfContent(this IStorageFile file, long from, long to)
    {
        const int ChunkBytes = 64 * 1024;
        byte[] chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(ChunkBytes, Math.Max(to - from, 0)));
        long end = from;
        for (long offset = from; offset < to;)
        {
            int wanted = (int)Math.Min(chunk.Length, to - offset);
            int read = file.ReadFully(offset, chunk.AsSpan(0, wanted));
            int last = chunk.AsSpan(0, read).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                end = offset + last + 1;
            }

            if (read < wanted)
            {
                break;
            }

            offset += read;
        }

        return end;
    }
}
