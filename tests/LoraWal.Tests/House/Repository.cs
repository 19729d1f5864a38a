namespace LoraWal.Tests.House;

/// <summary>The files of this repository, found from where the tests run.</summary>
internal static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The C# files below a folder, by their path from there, with forward slashes. Empty if there is no such
    /// folder.</summary>
    public static IReadOnlyDictionary<string, string> ReadSources(string folder)
    {
        SortedDictionary<string, string> sources = new(StringComparer.Ordinal);
        string start = Path.Combine(Root, folder);
        if (!Directory.Exists(start))
        {
            return sources;
        }

        foreach (string path in Directory.EnumerateFiles(start, "*.cs", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(start, path).Replace('\\', '/');
            if (!name.Split('/').Any(part => part is "bin" or "obj"))
            {
                sources.Add(name, File.ReadAllText(path));
            }
        }

        return sources;
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LoraWal.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException($"No LoraWal.sln above '{AppContext.BaseDirectory}'.");
    }
}
