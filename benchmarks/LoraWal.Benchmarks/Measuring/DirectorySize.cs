namespace LoraWal.Benchmarks.Measuring;

/// <summary>What a log takes on disk.</summary>
internal static class DirectorySize
{
    private const int ChunkBytes = 1024 * 1024;

    /// <summary>Bytes up to the last one of each file that is not zero: space set aside does not count.</summary>
    public static long Used(string directory) =>
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(UsedOf);

    /// <summary>Bytes of all files, space set aside included.</summary>
    public static long Whole(string directory) =>
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    private static long UsedOf(string file)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] chunk = new byte[ChunkBytes];
        for (long end = stream.Length; end > 0;)
        {
            int length = (int)Math.Min(ChunkBytes, end);
            stream.Position = end - length;
            stream.ReadExactly(chunk, 0, length);
            int last = chunk.AsSpan(0, length).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                return end - length + last + 1;
            }

            end -= length;
        }

        return 0;
    }
}
