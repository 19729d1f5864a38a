namespace LoraWal.CrashTests;

/// <summary>What a power cut does to the writes that no flush has followed yet.</summary>
internal enum CrashStyle
{
    /// <summary>All of them are on the disk.</summary>
    Prefix,

    /// <summary>None is.</summary>
    FlushedOnly,

    /// <summary>Any of them are, in any order.</summary>
    Subset,

    /// <summary>Any of their sectors of 512 bytes are.</summary>
    Torn,

    /// <summary>The disk lied about every flush since the log was made: any of all writes since are there.</summary>
    LyingFlush,
}

/// <summary>Builds what a disk may hold after a power cut, out of what was done to it.</summary>
internal sealed class CrashImages(string format, string baseImage, List<BlockCall> calls, Random random)
{
    private const int SectorBytes = 512;

    // ext4 and btrfs write their superblock in place with a checksum over all its sectors: they rely on the disk to
    // write them as one, and cannot be mounted without repair if it does not. That is not what is tested here.
    private readonly (long From, long To) _superblock = format switch
    {
        "ext4" => (1024, 2048),
        "btrfs" => (64 * 1024, 68 * 1024),
        _ => (0, SectorBytes),
    };

    /// <summary>Writes one image.</summary>
    /// <param name="path">The image's file.</param>
    /// <param name="cut">How many calls had been made when the power failed.</param>
    /// <param name="style">What became of the last ones.</param>
    /// <param name="liesFrom">The first call that a lying disk may have lost.</param>
    /// <returns>How many sectors were lost.</returns>
    public long Build(string path, int cut, CrashStyle style, int liesFrom)
    {
        Shell.Run("cp", "--sparse=always", baseImage, path);
        using FileStream image = File.OpenWrite(path);
        int safe = style == CrashStyle.LyingFlush ? liesFrom : calls.FindLastIndex(cut - 1, cut, call => call.IsFlush);
        long lost = 0;
        for (int i = 0; i < cut; i++)
        {
            BlockCall call = calls[i];
            if (call.IsFlush)
            {
                continue;
            }

            bool isSafe = i < safe || (call.Forced && style != CrashStyle.LyingFlush) || style == CrashStyle.Prefix;
            lost += Write(image, call, isSafe ? CrashStyle.Prefix : style);
        }

        return lost;
    }

    private long Write(FileStream image, BlockCall call, CrashStyle style)
    {
        if (style == CrashStyle.Torn)
        {
            long lost = 0;
            bool isKept = false;
            for (int at = 0; at < call.Data.Length; at += SectorBytes)
            {
                long place = call.Offset + at;
                isKept = place > _superblock.From && place < _superblock.To && at > 0 ? isKept : random.Next(2) > 0;
                if (!isKept)
                {
                    lost++;
                    continue;
                }

                image.Position = place;
                image.Write(call.Data.AsSpan(at, Math.Min(SectorBytes, call.Data.Length - at)));
            }

            return lost;
        }

        bool isThere = style == CrashStyle.Prefix || (style != CrashStyle.FlushedOnly && random.Next(4) > 0);
        if (!isThere)
        {
            return call.Data.Length / SectorBytes;
        }

        image.Position = call.Offset;
        image.Write(call.Data);
        return 0;
    }
}
