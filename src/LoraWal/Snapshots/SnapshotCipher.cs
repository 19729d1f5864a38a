using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LoraWal.Snapshots;

/// <summary>Encrypts the chunks of one snapshot by AES-256-GCM.</summary>
/// <remarks>Each snapshot has a key of its own, derived from the application's and 32 random bytes; the nonce is the
/// chunk's number and whether it is the last. So no nonce is used twice with a key, and chunks cannot change places, go
/// missing or come from another snapshot. The header is bound to each.</remarks>
internal sealed class SnapshotCipher : IDisposable
{
    public const int TagBytes = 16;

    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int LastOffset = 8;

    private readonly AesGcm _aes;
    private readonly byte[] _bound = new byte[SnapshotHeader.BoundBytes];

    private SnapshotCipher(AesGcm aes, byte[] keyCheck)
    {
        _aes = aes;
        KeyCheck = keyCheck;
    }

    /// <summary>What the header says of the key.</summary>
    public byte[] KeyCheck { get; }

    public static SnapshotCipher Create(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        Span<byte> derived = stackalloc byte[KeyBytes + SnapshotHeader.KeyCheckBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt, "LoraWal snapshot 1"u8);
        var cipher = new SnapshotCipher(new AesGcm(derived[..KeyBytes], TagBytes), derived[KeyBytes..].ToArray());
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    /// <summary>Binds every chunk to the part of the header that is known before the first one.</summary>
    public void Bind(ReadOnlySpan<byte> header) => header[..SnapshotHeader.BoundBytes].CopyTo(_bound);

    /// <summary>Encrypts a chunk; the tag goes behind it.</summary>
    public void Encrypt(ulong index, bool isLast, ReadOnlySpan<byte> plain, Span<byte> stored)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Nonce(nonce, index, isLast);
        _aes.Encrypt(nonce, plain, stored[..plain.Length], stored.Slice(plain.Length, TagBytes), _bound);
    }

    /// <summary>Decrypts a chunk.</summary>
    /// <returns>False if it is not what was encrypted.</returns>
    public bool TryDecrypt(ulong index, bool isLast, ReadOnlySpan<byte> stored, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Nonce(nonce, index, isLast);
        try
        {
            _aes.Decrypt(nonce, stored[..^TagBytes], stored[^TagBytes..], plain, _bound);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();

    private static void Nonce(Span<byte> nonce, ulong index, bool isLast)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, index);
        nonce[LastOffset] = isLast ? (byte)1 : (byte)0;
    }
}
