using System.IO.Compression;
using System.Security.Cryptography;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Snapshots;

/// <summary>A snapshot that is there. Twice through: once to check it, before a machine gives up its state for it, and
/// once to load it, each chunk checked again.</summary>
internal sealed class SnapshotReader : IDisposable
{
    private readonly IStorageFile _file;
    private readonly SnapshotCipher? _cipher;
    private ChunkReadStream? _loading;

    private SnapshotReader(IStorageFile file, SnapshotHeader header, SnapshotCipher? cipher)
    {
        _file = file;
        Header = header;
        _cipher = cipher;
    }

    public SnapshotHeader Header { get; }

    /// <summary>Whether damage was met while loading.</summary>
    public bool IsDamaged => _loading?.IsDamaged ?? false;

    /// <summary>Opens a snapshot and checks its header.</summary>
    /// <param name="storage">The log's directory.</param>
    /// <param name="lsn">What it must cover, and whose it must be: they are in its name.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="logId">The log it must be of.</param>
    /// <param name="key">The key; empty without encryption.</param>
    /// <exception cref="SnapshotDamagedException">It is damaged.</exception>
    /// <exception cref="WalSnapshotException">It is of another log, or of a later version.</exception>
    /// <exception cref="WalSnapshotKeyException">It is encrypted with another key.</exception>
    public static SnapshotReader Open(
        IStorage storage, ulong lsn, string machine, UInt128 logId, ReadOnlyMemory<byte> key)
    {
        IStorageFile file = storage.Open(SnapshotName.Of(lsn, machine), writable: false);
        try
        {
            Span<byte> bytes = stackalloc byte[SnapshotHeader.Bytes];
            SnapshotHeader header = ReadHeader(file, bytes, new Lsn(lsn));
            if (header.Lsn != lsn || header.Machine != machine)
            {
                throw new SnapshotDamagedException(file.Path, 0, "the name that its header says");
            }

            if (header.LogId != logId)
            {
                throw new WalSnapshotException(
                    file.Path,
                    new Lsn(lsn),
                    $"The snapshot '{file.Path}' is of another log: its log id is {header.LogId:x32}, this log's "
                    + $"{logId:x32}. Put back the log that it belongs to, or move the snapshot away.");
            }

            return new SnapshotReader(file, header, CipherOf(file, header, bytes, key.Span));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The id of the log that a snapshot is of; null if the header does not tell.</summary>
    public static UInt128? TryReadLogId(IStorage storage, string name)
    {
        try
        {
            using IStorageFile file = storage.Open(name, writable: false);
            Span<byte> bytes = stackalloc byte[SnapshotHeader.Bytes];
            int read = file.ReadFully(0, bytes);
            return SnapshotHeader.Decode(bytes[..read], out _)?.LogId;
        }
        catch (StorageException)
        {
            return null;
        }
    }

    /// <summary>Reads and checks all of it.</summary>
    /// <exception cref="SnapshotDamagedException">It is damaged.</exception>
    public void Verify(CancellationToken cancellationToken)
    {
        using var chunks = new ChunkReadStream(_file, Header, _cipher);
        while (chunks.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The payload, from its start.</summary>
    public Stream OpenPayload()
    {
        _loading = new ChunkReadStream(_file, Header, _cipher);
        return Header.Flags.HasFlag(SnapshotFlags.Brotli)
            ? new BrotliStream(_loading, CompressionMode.Decompress, leaveOpen: true)
            : _loading;
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher?.Dispose();
    }

    private static SnapshotHeader ReadHeader(IStorageFile file, Span<byte> bytes, Lsn lsn)
    {
        int read = file.ReadFully(0, bytes);
        SnapshotHeader? header = SnapshotHeader.Decode(bytes[..read], out uint version);
        if (header is null && version != 0)
        {
            throw new WalSnapshotException(
                file.Path,
                lsn,
                $"The snapshot '{file.Path}' has format version {version}, or flags that this version does not know; "
                + $"it reads {SnapshotHeader.SupportedVersion}. Start a later version of the program.");
        }

        return header ?? throw new SnapshotDamagedException(file.Path, 0, "the header");
    }

    private static SnapshotCipher? CipherOf(
        IStorageFile file, SnapshotHeader header, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> key)
    {
        if (!header.Flags.HasFlag(SnapshotFlags.Encrypted))
        {
            return null;
        }

        if (key.IsEmpty)
        {
            throw new WalSnapshotKeyException(file.Path, isMissing: true);
        }

        SnapshotCipher cipher = SnapshotCipher.Create(key, header.Salt);
        if (!CryptographicOperations.FixedTimeEquals(cipher.KeyCheck, header.KeyCheck))
        {
            cipher.Dispose();
            throw new WalSnapshotKeyException(file.Path, isMissing: false);
        }

        cipher.Bind(bytes);
        return cipher;
    }
}
