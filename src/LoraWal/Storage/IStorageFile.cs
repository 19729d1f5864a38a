namespace LoraWal.Storage;

/// <summary>One open file. Reads and writes name their offset; there is no position.</summary>
/// <remarks>Used by several threads at once. A failed call throws <see cref="StorageException"/>.</remarks>
internal interface IStorageFile : IDisposable
{
    /// <summary>Full path, for messages. Whoever renames the file while it is open says so here.</summary>
    string Path { get; set; }

    /// <summary>Size in bytes.</summary>
    long Length { get; }

    /// <summary>One write call. It may be short; what was not written is the caller's to continue.</summary>
    /// <returns>Bytes written.</returns>
    int Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>One read call. It may be short.</summary>
    /// <returns>Bytes read; 0 at the end of the file.</returns>
    int Read(long offset, Span<byte> target);

    /// <summary>Syncs data and length: what was written before the call survives a power cut once it has returned.
    /// After a failure nothing is known, and the call must not be made again: it may report success for bytes that
    /// are gone.</summary>
    void Sync();
}
