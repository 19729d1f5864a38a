namespace LoraWal.Segments;

/// <summary>Gives out the arrays that frames are read into.</summary>
/// <param name="isReused">False: payloads are safe to keep. True: one array over and over: nothing is allocated per
/// frame, and a payload is valid only until the next frame is read.</param>
internal sealed class ReadBuffer(bool isReused)
{
    // Below the size at which arrays go to the large object heap: those are collected with everything else only.
    public const int ChunkBytes = 64 * 1024;

    private byte[] _array = [];

    /// <summary>Whether payloads have to be safe to keep.</summary>
    public bool MustLast => !isReused;

    /// <summary>An array of at least so many bytes, with anything in it.</summary>
    /// <param name="bytes">The least length.</param>
    /// <param name="lasts">If payloads have to be safe to keep: whether it is one that is never written again. From
    /// others they have to be copied.</param>
    public byte[] Take(int bytes, bool lasts)
    {
        if (lasts && MustLast)
        {
            return GC.AllocateUninitializedArray<byte>(bytes);
        }

        if (_array.Length < bytes)
        {
            _array = GC.AllocateUninitializedArray<byte>(Math.Max(bytes, ChunkBytes));
        }

        return _array;
    }
}
