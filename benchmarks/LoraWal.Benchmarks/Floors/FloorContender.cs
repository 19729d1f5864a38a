using System.Buffers.Binary;
using System.IO.Hashing;
using LoraWal.Benchmarks.Peers;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.Benchmarks.Floors;

/// <summary>The same bytes by bare system calls on a file of zeros: what any log has to pay. One caller; where others
/// have many, read it as the floor of one.</summary>
internal sealed class FloorContender : IContender
{
    public string Name => "floor";

    public ContenderFacts Facts { get; } = new(
        "bare calls",
        "`pwrite`, and `fdatasync` where the work is durable, of as many bytes as LoraWal writes, on a zero-filled "
        + "file; reading: 1 MiB at a time, a CRC-32 over each record",
        "CRC-32 when reading",
        "noticed");

    public bool Keeps(Promise promise) => promise is Promise.Durable or Promise.Written;

    public ILog Open(string directory, Promise promise) => new Log(directory, promise);

    private sealed class Log : ILog
    {
        private const int FileBytes = 16 * 1024 * 1024;
        private const int ZeroBytes = 4096;
        private const int FrameHeader = 32;
        private const int EntryHeader = 8;
        private const int BatchHeader = 8;
        private const int ReadHeader = 8; // length and checksum
        private const int ReadBytes = 1024 * 1024;

        private readonly string _replayPath;
        private readonly SafeFileHandle _file;
        private readonly bool _syncs;
        private byte[] _bytes = [];
        private long _place;
        private FileStream? _replayFile;

        public Log(string directory, Promise promise)
        {
            Directory.CreateDirectory(directory);
            _replayPath = Path.Combine(directory, "replay.bin");
            _syncs = promise == Promise.Durable;
            _file = File.OpenHandle(
                Path.Combine(directory, "floor.bin"), FileMode.OpenOrCreate, FileAccess.ReadWrite);
            byte[] zeros = new byte[ZeroBytes];
            for (long offset = 0; offset < FileBytes; offset += zeros.Length)
            {
                BareFile.Write(_file, zeros, offset);
            }

            BareFile.Sync(_file);
        }

        public void Append(byte[] payload) => Write(Align(FrameHeader + payload.Length));

        public ValueTask<Lsn> AppendAsync(byte[] payload)
        {
            Append(payload);
            return new ValueTask<Lsn>(Lsn.None);
        }

        /// <summary>Under no promise but <c>Written</c> it also leaves the records for <see cref="Replay"/>.</summary>
        public void AppendMany(byte[] payload, int count)
        {
            Write(Align(FrameHeader + BatchHeader + (count * (EntryHeader + payload.Length))));
            if (!_syncs)
            {
                KeepForReplay(payload, count);
            }
        }

        public (long Records, long Sum) Replay(long most)
        {
            using SafeFileHandle file = File.OpenHandle(_replayPath);
            byte[] chunk = new byte[ReadBytes];
            long records = 0;
            long sum = 0;
            long offset = 0;
            int filled = 0;
            int read;
            while (records < most && (read = RandomAccess.Read(file, chunk.AsSpan(filled), offset)) > 0)
            {
                offset += read;
                filled += read;
                int at = 0;
                while (filled - at >= ReadHeader)
                {
                    ReadOnlySpan<byte> rest = chunk.AsSpan(at, filled - at);
                    int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                    if (rest.Length < ReadHeader + length)
                    {
                        break;
                    }

                    ReadOnlySpan<byte> payload = rest.Slice(ReadHeader, length);
                    if (Crc32.HashToUInt32(payload) != BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]))
                    {
                        throw new InvalidDataException("The floor's own file is damaged.");
                    }

                    sum += length + payload[0];
                    records++;
                    at += ReadHeader + length;
                }

                chunk.AsSpan(at, filled - at).CopyTo(chunk);
                filled -= at;
            }

            return (records, sum);
        }

        public void Dispose()
        {
            _replayFile?.Dispose();
            _file.Dispose();
        }

        private static int Align(int bytes) => (bytes + 7) & ~7;

        private void Write(int bytes)
        {
            if (_bytes.Length != bytes)
            {
                _bytes = new byte[bytes];
                _bytes.AsSpan().Fill(7);
            }

            BareFile.Write(_file, _bytes, _place);
            _place = (_place + bytes) % (FileBytes - bytes);
            if (_syncs)
            {
                BareFile.Sync(_file);
            }
        }

        private void KeepForReplay(byte[] payload, int count)
        {
            _replayFile ??= new FileStream(_replayPath, FileMode.Append, FileAccess.Write, FileShare.None, ReadBytes);
            byte[] record = new byte[ReadHeader + payload.Length];
            BinaryPrimitives.WriteInt32LittleEndian(record, payload.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Crc32.HashToUInt32(payload));
            payload.CopyTo(record, ReadHeader);
            for (int i = 0; i < count; i++)
            {
                _replayFile.Write(record);
            }
        }
    }
}
