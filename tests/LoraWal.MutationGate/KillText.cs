namespace LoraWal.MutationGate;

/// <summary>A kill in words.</summary>
internal static class KillText
{
    private const int MostColumns = 160;

    public static string Of(int bug, Kill? kill, long seeds)
    {
        (string name, string loss) = PlantedBug.All[bug - 1];
        string found = kill is null ? $"SURVIVED {seeds} seeds" : $"killed by seed {kill.Seed}";
        return $"{bug,2}. {name}: {found}\n      costs: {loss}"
            + (kill is null ? "" : $"\n      found: {FirstLine(kill.Promise)}");
    }

    private static string FirstLine(string text)
    {
        string line = text.Split('\n')[0].Trim();
        return line.Length <= MostColumns ? line : line[..MostColumns] + "...";
    }
}
