using System.Text.RegularExpressions;

namespace LoraWal.Tests.House;

/// <summary>Finds files that name a type of a folder which is not below their own.</summary>
internal static partial class LayerCheck
{
    // Folder -> the folders whose types it may name; "" is the root, all of it. The root may name everything.
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Typed"] = ["Typed"],
        ["Log"] = ["Log", "Segments", "Records", "Storage", "Diagnostics"],
        ["Cursors"] = ["Cursors", "Log", "Segments", "Records", "Storage", "Diagnostics"],
        ["Recovery"] = ["Recovery", "Segments", "Records", "Storage", "Diagnostics"],
        ["Segments"] = ["Segments", "Records", "Storage"],
        ["Records"] = ["Records"],
        ["Storage"] = ["Storage"],
        ["Diagnostics"] = ["Diagnostics"],
        ["Snapshots"] = ["Snapshots", "Segments", "Records", "Storage"],
        ["Machines"] = ["Machines", "Snapshots", "Log", "Segments", "Records", "Storage", "Diagnostics", ""],
    };

    // Public, at the root, and yet not part of the vocabulary: they stop there.
    private static readonly string[] RootOnly = ["Wal", "WalOptions"];

    /// <summary>One line for each type that a file names against the rules.</summary>
    /// <param name="sources">The text of each file by its path from the project's folder.</param>
    public static IReadOnlyList<string> FindViolations(IReadOnlyDictionary<string, string> sources)
    {
        Dictionary<string, string> code = sources.ToDictionary(item => item.Key, item => CodeOnly.Of(item.Value));
        List<Declaration> declared = [.. code.SelectMany(item => Declarations(FolderOf(item.Key), item.Value))];
        ILookup<string, Declaration> types = declared.Where(type => !type.IsNested).ToLookup(type => type.Name);
        HashSet<(string Folder, string Name)> own = [.. declared.Select(type => (type.Folder, type.Name))];
        List<string> violations = [];
        foreach ((string path, string text) in code)
        {
            string folder = FolderOf(path);
            if (folder.Length == 0)
            {
                continue;
            }

            if (!Allowed.TryGetValue(folder, out string[]? allowed))
            {
                violations.Add($"{path}: folder {folder} has no place in the layers");
                continue;
            }

            foreach (string word in Words().Matches(text).Select(match => match.Value).Distinct())
            {
                bool known = types.Contains(word) && !own.Contains((folder, word));
                if (known && !types[word].Any(type => IsAllowed(type, allowed)))
                {
                    string home = types[word].First().Folder;
                    violations.Add($"{path}: names {word} of {(home.Length == 0 ? "the root" : home)}");
                }
            }
        }

        return violations;
    }

    private static bool IsAllowed(Declaration type, string[] allowed) => type.Folder.Length == 0
        ? allowed.Contains("") || (type.IsPublic && !RootOnly.Contains(type.Name))
        : allowed.Contains(type.Folder);

    private static string FolderOf(string path) => path.Contains('/') ? path[..path.IndexOf('/')] : "";

    // A type inside another one is named through that, or by its own folder: for others only the outermost count.
    private static IEnumerable<Declaration> Declarations(string folder, string code)
    {
        int depth = 0;
        int last = 0;
        foreach (Match match in DeclarationPattern().Matches(code))
        {
            for (; last < match.Index; last++)
            {
                depth += code[last] == '{' ? 1 : code[last] == '}' ? -1 : 0;
            }

            bool isPublic = match.Groups["modifiers"].Value.Contains("public", StringComparison.Ordinal);
            yield return new Declaration(match.Groups["name"].Value, folder, isPublic, IsNested: depth > 0);
        }
    }

    [GeneratedRegex(
        @"(?<modifiers>(\b(public|internal|file|sealed|static|abstract|readonly|ref|partial|unsafe)\s+)*)"
        + @"\b(class|struct|interface|enum|record(\s+(class|struct))?|delegate\s+[\w.<>?\[\]]+)\s+"
        + @"(?<name>[A-Z]\w*)")]
    private static partial Regex DeclarationPattern();

    [GeneratedRegex(@"\b[A-Z]\w*\b")]
    private static partial Regex Words();

    private readonly record struct Declaration(string Name, string Folder, bool IsPublic, bool IsNested);
}
