using CsCheck;
using LoraWal.Segments;

namespace LoraWal.Tests.Fuzz;

/// <summary>What is done to the files of a directory.</summary>
internal enum MutationKind
{
    FlipBit,
    ZeroRange,
    Noise,
    CutShort,
    Grow,
    Splice,
    Swap,
    Duplicate,
    Rename,
    Delete,
    Older,
    Foreign,
}

/// <summary>One change to a directory. Numbers that lead nowhere wrap around.</summary>
/// <param name="Kind">What.</param>
/// <param name="File">To which file.</param>
/// <param name="Other">With which other file, or name.</param>
/// <param name="At">Where in the file.</param>
/// <param name="From">Where in the other file.</param>
/// <param name="Length">How many bytes.</param>
internal readonly record struct Mutation(MutationKind Kind, int File, int Other, int At, int From, int Length)
{
    public static Gen<Mutation> Any { get; } =
        from kind in Gen.Enum<MutationKind>()
        from file in Gen.Int[0, 5]
        from other in Gen.Int[0, 5]
        from place in Place
        from source in Place
        from length in Gen.OneOf(Gen.Int[1, 64], Gen.Int[1, 70_000])
        select new Mutation(kind, file, other, place, source, length);

    // Mostly where the headers and the first frames are.
    private static Gen<int> Place => Gen.OneOf(
        Gen.Int[0, 128], Gen.Int[4096, 4500], Gen.Int[0, 70_000], Gen.Int[0, 200].Select(n => n * 8 + 4096));

    /// <summary>Changes a directory.</summary>
    /// <param name="files">Its files.</param>
    /// <param name="older">The same directory at an earlier time.</param>
    /// <param name="foreign">A directory of another log.</param>
    public void Apply(
        SortedDictionary<string, byte[]> files,
        SortedDictionary<string, byte[]> older,
        SortedDictionary<string, byte[]> foreign)
    {
        if (files.Count == 0)
        {
            return;
        }

        string name = Pick(files, File);
        byte[] bytes = files[name];
        int at = bytes.Length == 0 ? 0 : At % bytes.Length;
        int length = Math.Min(Length, bytes.Length - at);
        switch (Kind)
        {
            case MutationKind.FlipBit when bytes.Length > 0:
                bytes[at] ^= (byte)(1 << (Length % 8));
                break;
            case MutationKind.ZeroRange:
                bytes.AsSpan(at, length).Clear();
                break;
            case MutationKind.Noise:
                new Random(From).NextBytes(bytes.AsSpan(at, length));
                break;
            case MutationKind.CutShort:
                files[name] = bytes[..at];
                break;
            case MutationKind.Grow:
                files[name] = [.. bytes, .. new byte[Length]];
                break;
            case MutationKind.Splice:
                ReadOnlySpan<byte> source = files[Pick(files, Other)].AsSpan();
                int from = Math.Min(From, source.Length);
                source.Slice(from, Math.Min(length, source.Length - from)).CopyTo(bytes.AsSpan(at));
                break;
            case MutationKind.Swap:
                string second = Pick(files, Other);
                (files[name], files[second]) = (files[second], files[name]);
                break;
            case MutationKind.Duplicate:
                files[NameFor(Other)] = [.. bytes];
                break;
            case MutationKind.Rename:
                files.Remove(name);
                files[NameFor(Other)] = bytes;
                break;
            case MutationKind.Delete:
                files.Remove(name);
                break;
            case MutationKind.Older when older.TryGetValue(name, out byte[]? old):
                files[name] = [.. old];
                break;
            case MutationKind.Foreign:
                files[name] = [.. foreign[Pick(foreign, Other)]];
                break;
        }
    }

    private static string Pick(SortedDictionary<string, byte[]> files, int index) =>
        files.Keys.ElementAt(index % files.Count);

    private static string NameFor(int index) =>
        index == 0 ? SegmentName.Prepared : SegmentName.Of(index);
}
