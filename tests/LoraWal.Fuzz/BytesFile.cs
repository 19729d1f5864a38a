using LoraWal.Storage;

namespace LoraWal.Fuzz;

/// <summary>Bytes that can be read as a file.</summary>
internal sealed class BytesFile(byte[] bytes) : IStorageFile
{
    public string Path { get; set; } = "bytes";

    public long Length => bytes.Length;

    /// <summary>How much has been read.</summary>
    public long BytesRead { get; private set; }

    public int Read(long offset, Span<byte> target)
    {
        int count = (int)Math.Clamp(bytes.Length - offset, 0, target.Length);
        bytes.AsSpan((int)Math.Min(offset, bytes.Length), count).CopyTo(target);
        BytesRead += count;
        return count;
    }

    public int Write(long offset, ReadOnlySpan<byte> source) => throw new NotSupportedException();

    public void Sync() => throw new NotSupportedException();

    public void Dispose()
    {
        // nothing is held
    }
}
