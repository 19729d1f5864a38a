using System.Buffers.Binary;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Snapshots;

/// <summary>Reads the chunks of a snapshot in order. No byte is handed out before its chunk has been checked.</summary>
internal sealed class ChunkReadStream(IStorageFile file, SnapshotHeader header, SnapshotCipher? cipher) : ForwardStream
{
    private readonly SnapshotChunk _chunk = new(header.Salt);
    private readonly byte[] _stored = new byte[SnapshotChunk.PayloadBytes + SnapshotCipher.TagBytes];
    private readonly byte[] _opened = cipher is null ? [] : new byte[SnapshotChunk.PayloadBytes];

    private ReadOnlyMemory<byte> _plain;
    private long _offset = SnapshotHeader.Bytes;

    public override bool CanRead => true;

    public override bool CanWrite => false;

    /// <summary>Whether the end chunk has been read, and everything adds up.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Whether a chunk has failed its check.</summary>
    public bool IsDamaged { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || (_plain.IsEmpty && !MoveNext()))
        {
            return 0;
        }

        int count = Math.Min(buffer.Length, _plain.Length);
        _plain.Span[..count].CopyTo(buffer);
        _plain = _plain[count..];
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A snapshot that is loaded is not written.");

    /// <summary>Reads and checks the next chunk.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="SnapshotDamagedException">A check failed.</exception>
    public bool MoveNext()
    {
        if (IsAtEnd)
        {
            return false;
        }

        try
        {
            return ReadNext();
        }
        catch (StorageException unreadable)
        {
            throw Damaged(unreadable.Message); // whatever comes to stand in for it loses nothing
        }
    }

    private bool ReadNext()
    {
        Span<byte> head = stackalloc byte[SnapshotChunk.HeadBytes];
        long end = SnapshotHeader.Bytes + header.StoredBytes;
        if (_offset + head.Length > end || file.ReadFully(_offset, head) < head.Length)
        {
            throw Damaged("a chunk");
        }

        uint word = BinaryPrimitives.ReadUInt32LittleEndian(head);
        int length = (int)(word & ~SnapshotChunk.EndBit);
        int extra = cipher is null ? 0 : SnapshotCipher.TagBytes;
        if (length <= extra || length > SnapshotChunk.PayloadBytes + extra
            || _offset + head.Length + length > end
            || file.ReadFully(_offset + head.Length, _stored.AsSpan(0, length)) < length)
        {
            throw Damaged("a chunk's length");
        }

        Span<byte> stored = _stored.AsSpan(0, length);
        bool isEnd = (word & SnapshotChunk.EndBit) != 0;
        if (BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) != _chunk.CrcOf(word, stored))
        {
            throw Damaged("a chunk's checksum");
        }

        if (cipher is null)
        {
            _plain = _stored.AsMemory(0, length);
        }
        else if (cipher.TryDecrypt(_chunk.Index, isEnd, stored, _opened.AsSpan(0, length - extra)))
        {
            _plain = _opened.AsMemory(0, length - extra);
        }
        else
        {
            throw Damaged("a chunk's authentication tag");
        }

        _offset += head.Length + length;
        if (isEnd)
        {
            CheckEnd();
            return false;
        }

        _chunk.Pass(stored);
        return true;
    }

    private void CheckEnd()
    {
        ReadOnlySpan<byte> end = _plain.Span;
        if (end.Length != SnapshotChunk.EndBytes
            || BinaryPrimitives.ReadInt64LittleEndian(end) != header.PayloadBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(end[8..]) != _chunk.Index
            || BinaryPrimitives.ReadUInt64LittleEndian(end[16..]) != _chunk.All
            || _offset != SnapshotHeader.Bytes + header.StoredBytes
            || _offset != file.Length)
        {
            throw Damaged("the end chunk");
        }

        _plain = default;
        IsAtEnd = true;
    }

    private SnapshotDamagedException Damaged(string what)
    {
        IsDamaged = true;
        _plain = default;
        return new SnapshotDamagedException(file.Path, _offset, what);
    }
}
