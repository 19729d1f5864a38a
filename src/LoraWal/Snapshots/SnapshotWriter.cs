using System.IO.Compression;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Snapshots;

/// <summary>A snapshot that is being written, under its temporary name.</summary>
// ORDER: a crash may fall between any two of these.
//   1. the chunks, under the temporary name     the next open deletes it
//   2. the header, then the sync                nothing of it is in doubt when it gets its name
//   3. the rename, the directory's sync         by the caller, once every record it covers is durable
internal sealed class SnapshotWriter : IDisposable
{
    private readonly IStorageFile _file;
    private readonly SnapshotCipher? _cipher;
    private readonly ChunkWriteStream _chunks;
    private readonly PayloadStream _payload;
    private SnapshotHeader _header;

    private SnapshotWriter(IStorageFile file, SnapshotHeader header, SnapshotCipher? cipher)
    {
        _file = file;
        _header = header;
        _cipher = cipher;
        _chunks = new ChunkWriteStream(file, header.Salt, cipher);
        _payload = new PayloadStream(header.Flags.HasFlag(SnapshotFlags.Brotli)
            ? new BrotliStream(_chunks, CompressionLevel.Fastest, leaveOpen: true)
            : _chunks);
    }

    /// <summary>Takes the machine's state.</summary>
    public Stream Payload => _payload;

    /// <summary>Creates the file; what a failed attempt has left of that name goes.</summary>
    /// <param name="storage">The log's directory.</param>
    /// <param name="header">What the header will say, but for the lengths.</param>
    /// <param name="key">The key; empty without encryption.</param>
    public static SnapshotWriter Create(IStorage storage, SnapshotHeader header, ReadOnlyMemory<byte> key)
    {
        string name = SnapshotName.TemporaryOf(header.Lsn, header.Machine);
        storage.Delete(name);
        IStorageFile file = storage.Create(name);
        if (key.IsEmpty)
        {
            return new SnapshotWriter(file, header, null);
        }

        SnapshotCipher cipher = SnapshotCipher.Create(key.Span, header.Salt);
        SnapshotHeader encrypted = header with
        {
            Flags = header.Flags | SnapshotFlags.Encrypted,
            KeyCheck = cipher.KeyCheck,
        };
        Span<byte> bytes = stackalloc byte[SnapshotHeader.Bytes];
        encrypted.Encode(bytes);
        cipher.Bind(bytes);
        return new SnapshotWriter(file, encrypted, cipher);
    }

    /// <summary>Writes what is left, then the header, and syncs. After a failure the file is to be deleted.</summary>
    /// <returns>Bytes of the file.</returns>
    public long Finish()
    {
        _payload.End();
        _chunks.Finish(_payload.Written);
        _header = _header with { PayloadBytes = _payload.Written, StoredBytes = _chunks.StoredBytes };
        Span<byte> bytes = stackalloc byte[SnapshotHeader.Bytes];
        _header.Encode(bytes);
        _file.WriteAll(0, bytes);
        _file.Sync();
        return SnapshotHeader.Bytes + _chunks.StoredBytes;
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher?.Dispose();
    }

    /// <summary>What the machine is given: counts, and outlives being disposed of.</summary>
    private sealed class PayloadStream(Stream target) : ForwardWriteStream
    {
        private bool _ended;

        public override bool CanWrite => !_ended;

        public long Written { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            ObjectDisposedException.ThrowIf(_ended, typeof(Stream));
            target.Write(buffer);
            Written += buffer.Length;
        }

        /// <summary>Nothing more comes.</summary>
        public void End()
        {
            _ended = true;
            if (target is BrotliStream)
            {
                target.Dispose(); // writes its end
            }
        }
    }
}
