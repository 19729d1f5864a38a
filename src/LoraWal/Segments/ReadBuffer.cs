namespace LoraWal.Segments;

/// <summary>Gives out the arrays that frames are read into.</summary>
/// <param name="isReused">False: a new array each time, never written again: payloads are safe to keep. True: one array
/// over and over: nothing is allocated per frame, and a payload is valid only until the next frame is read.</param>
internal sealed class ReadBuffer(bool isReused)
{
    // Below the size at which arrays go to the large object heap.
    public const int ChunkBytes = 64 * 1024;

    private byte[] _array = [];

    /// <summary>An array of at least so many bytes, with anything in it.</summary>
    public byte[] Take(int bytes)
    {
        if (!isReused)
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
