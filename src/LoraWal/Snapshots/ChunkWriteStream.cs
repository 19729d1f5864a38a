using System.Buffers.Binary;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Snapshots;

/// <summary>Stores what is written to it as chunks behind a snapshot's header.</summary>
internal sealed class ChunkWriteStream(IStorageFile file, byte[] salt, SnapshotCipher? cipher) : ForwardWriteStream
{
    private readonly SnapshotChunk _chunk = new(salt);
    private readonly byte[] _plain = new byte[SnapshotChunk.PayloadBytes];
    private readonly byte[] _stored =
        new byte[SnapshotChunk.HeadBytes + SnapshotChunk.PayloadBytes + SnapshotCipher.TagBytes];

    private int _used;
    private long _offset = SnapshotHeader.Bytes;

    public override bool CanWrite => true;

    /// <summary>Bytes stored so far.</summary>
    public long StoredBytes => _offset - SnapshotHeader.Bytes;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int count = Math.Min(buffer.Length, _plain.Length - _used);
            buffer[..count].CopyTo(_plain.AsSpan(_used));
            buffer = buffer[count..];
            _used += count;
            if (_used == _plain.Length)
            {
                Store(isEnd: false);
            }
        }
    }

    /// <summary>Stores the last chunk and the end chunk.</summary>
    public void Finish(long payloadBytes)
    {
        if (_used > 0)
        {
            Store(isEnd: false);
        }

        BinaryPrimitives.WriteInt64LittleEndian(_plain, payloadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(_plain.AsSpan(8), _chunk.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(_plain.AsSpan(16), _chunk.All);
        _used = SnapshotChunk.EndBytes;
        Store(isEnd: true);
    }

    private void Store(bool isEnd)
    {
        int length = _used + (cipher is null ? 0 : SnapshotCipher.TagBytes);
        Span<byte> stored = _stored.AsSpan(SnapshotChunk.HeadBytes, length);
        if (cipher is null)
        {
            _plain.AsSpan(0, _used).CopyTo(stored);
        }
        else
        {
            cipher.Encrypt(_chunk.Index, isEnd, _plain.AsSpan(0, _used), stored);
        }

        uint word = (uint)length | (isEnd ? SnapshotChunk.EndBit : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(_stored, word);
        BinaryPrimitives.WriteUInt32LittleEndian(_stored.AsSpan(4), _chunk.CrcOf(word, stored));
        file.WriteAll(_offset, _stored.AsSpan(0, SnapshotChunk.HeadBytes + length));
        _chunk.Pass(stored);
        _offset += SnapshotChunk.HeadBytes + length;
        _used = 0;
    }
}
