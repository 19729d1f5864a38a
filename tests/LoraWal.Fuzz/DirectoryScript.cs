using System.Buffers.Binary;
using LoraWal.Segments;

namespace LoraWal.Fuzz;

/// <summary>A directory's content as a short input for a fuzzer: files are mostly zeros, so only the rest is in it.
/// </summary>
//
//   0        1
//   +--------+--------+--------+-----+        a file:
//   | flags  | file 1 | file 2 | ... |        name (1), length (4), count of pieces (1),
//   +--------+--------+--------+-----+        then per piece: offset (4), length (2), bytes
internal sealed class DirectoryScript
{
    public const string Notes = "notes.txt";

    private const int MostFiles = 6;
    private const int MostFileBytes = 128 * 1024;
    private const int MostPieces = 255;

    private static readonly string[] FileNames =
    [
        SegmentName.Of(1), SegmentName.Of(2), SegmentName.Of(3), SegmentName.Of(4),
        SegmentName.Prepared, SegmentName.Torn(1, SegmentLayout.HeaderBlockBytes, 0), SegmentName.Of(long.MaxValue),
        Notes,
    ];

    /// <summary>Whether checksums are to be made right.</summary>
    public bool Repairs { get; init; }

    /// <summary>Whether the log is opened with <see cref="TornTailPolicy.Refuse"/>.</summary>
    public bool RefusesTorn { get; init; }

    /// <summary>Whether the log is opened with a fence.</summary>
    public bool HasFence { get; init; }

    /// <summary>The files by name.</summary>
    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads an input; what makes no sense is read as something else or left out.</summary>
    public static DirectoryScript Read(ReadOnlySpan<byte> input)
    {
        byte flags = input.IsEmpty ? (byte)0 : input[0];
        DirectoryScript script = new()
        {
            Repairs = (flags & 1) != 0,
            RefusesTorn = (flags & 2) != 0,
            HasFence = (flags & 4) != 0,
        };
        input = input.IsEmpty ? input : input[1..];
        while (input.Length >= 6 && script.Files.Count < MostFiles)
        {
            string name = FileNames[input[0] % FileNames.Length];
            byte[] file = new byte[BinaryPrimitives.ReadUInt32LittleEndian(input[1..]) % (MostFileBytes + 1)];
            int pieces = input[5];
            input = input[6..];
            for (; pieces > 0 && input.Length >= 6; pieces--)
            {
                uint offset = BinaryPrimitives.ReadUInt32LittleEndian(input) % MostFileBytes;
                int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input[4..]), input.Length - 6);
                ReadOnlySpan<byte> piece = input.Slice(6, length);
                input = input[(6 + length)..];
                if (offset < file.Length)
                {
                    piece[..Math.Min(length, file.Length - (int)offset)].CopyTo(file.AsSpan((int)offset));
                }
            }

            if (script.Repairs)
            {
                ChecksumRepair.Segment(file);
            }

            script.Files[name] = file;
        }

        return script;
    }

    /// <summary>Writes the input that reads as this.</summary>
    public byte[] Write()
    {
        List<byte> bytes = [(byte)((Repairs ? 1 : 0) | (RefusesTorn ? 2 : 0) | (HasFence ? 4 : 0))];
        foreach ((string name, byte[] file) in Files)
        {
            List<(int Offset, int Length)> pieces = PiecesOf(file);
            bytes.Add((byte)Array.IndexOf(FileNames, name));
            bytes.AddRange(BitConverter.GetBytes(file.Length));
            bytes.Add((byte)pieces.Count);
            foreach ((int offset, int length) in pieces)
            {
                bytes.AddRange(BitConverter.GetBytes(offset));
                bytes.AddRange(BitConverter.GetBytes((ushort)length));
                bytes.AddRange(file.AsSpan(offset, length));
            }
        }

        return [.. bytes];
    }

    // Between two pieces lie zeros, more than a piece's own head takes.
    private static List<(int Offset, int Length)> PiecesOf(byte[] file)
    {
        const int Worthwhile = 64;
        var pieces = new List<(int, int)>();
        int at = 0;
        while (pieces.Count < MostPieces && file.AsSpan(at).IndexOfAnyExcept((byte)0) is var skipped and >= 0)
        {
            int start = at + skipped;
            int end = start;
            while (end - start < ushort.MaxValue - Worthwhile
                && file.AsSpan(end, Math.Min(Worthwhile, file.Length - end)).LastIndexOfAnyExcept((byte)0)
                    is var last and >= 0)
            {
                end += last + 1;
            }

            pieces.Add((start, end - start));
            at = end;
        }

        return pieces;
    }
}
