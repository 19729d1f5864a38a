using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Recovery;

/// <summary>Looks behind the last valid frame for a promise that what is missing there had been synced.</summary>
internal static class PromiseScan
{
    private const int ChunkBytes = 64 * 1024;
    private const int Alignment = 8;

    /// <summary>Whether a valid header that begins in [from, to) promises an LSN or more.</summary>
    /// <returns>Offset of the first such header; null if there is none.</returns>
    public static long? Find(IStorageFile file, SegmentHeader header, long from, long to, ulong lsn)
    {
        // The last header may reach past the last byte that is not zero: its checksum may end in zeros.
        to = Math.Min(to + FrameHeader.Bytes - 1, header.FileBytes);
        byte[] chunk = GC.AllocateUninitializedArray<byte>((int)Math.Clamp(to - from, 0, ChunkBytes));
        ulong greatest = lsn + (ulong)Math.Max(to - from, 0);
        for (long offset = from; offset + FrameHeader.Bytes <= to;)
        {
            int read = file.ReadFully(offset, chunk.AsSpan(0, (int)Math.Min(chunk.Length, to - offset)));
            int place = 0;
            for (; place + FrameHeader.Bytes <= read; place += Alignment)
            {
                ReadOnlySpan<byte> candidate = chunk.AsSpan(place, FrameHeader.Bytes);
                ulong found = FrameHeader.PeekLsn(candidate);
                if (found >= lsn
                    && found <= greatest
                    && FrameHeader.TryDecode(candidate, header.Salt, offset + place, out FrameHeader frame)
                    && frame.Promise >= lsn)
                {
                    return offset + place;
                }
            }

            if (place == 0)
            {
                break; // the file is shorter than it was
            }

            offset += place;
        }

        return null;
    }
}
