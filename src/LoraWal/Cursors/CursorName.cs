using System.Buffers;

namespace LoraWal.Cursors;

/// <summary>Names of cursors and of their files, both directions.</summary>
internal static class CursorName
{
    public const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private const string Extension = ".cursor";
    private const string TemporaryExtension = ".cursor.tmp";

    /// <summary>What a name must be, for messages.</summary>
    public const string Rule = "1 to 64 of a-z, 0-9 and '-'";

    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength }
        && !name.AsSpan().ContainsAnyExcept(Allowed);

    /// <exception cref="ArgumentException">It is not a cursor's name.</exception>
    public static void ThrowIfInvalid(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsValid(name))
        {
            throw new ArgumentException($"'{name}' cannot be a cursor's name: it must be {Rule}.", nameof(name));
        }
    }

    public static string FileOf(string name) => name + Extension;

    /// <summary>The name under which a cursor's next file is prepared.</summary>
    public static string TemporaryOf(string name) => name + TemporaryExtension;

    /// <summary>Who a cursor is among those who hold back truncation.</summary>
    public static string HolderOf(string name) => $"cursor {name}";

    /// <summary>Whether a file is a cursor's, and of which.</summary>
    public static bool TryParse(string file, out string name) => TryStrip(file, Extension, out name);

    /// <summary>Whether a file was being prepared for a cursor, and for which.</summary>
    public static bool TryParseTemporary(string file, out string name) =>
        TryStrip(file, TemporaryExtension, out name);

    private static bool TryStrip(string file, string extension, out string name)
    {
        name = file.EndsWith(extension, StringComparison.Ordinal) ? file[..^extension.Length] : "";
        return IsValid(name);
    }
}
