namespace LoraWal.Tests.House;

/// <summary>The lines by which two texts differ.</summary>
internal static class LineDifference
{
    /// <summary>Lines only in the first with a minus, lines only in the second with a plus, in order.</summary>
    public static IReadOnlyList<string> Between(string first, string second)
    {
        string[] old = first.Split('\n');
        string[] now = second.Split('\n');
        int[,] common = CommonLines(old, now);
        List<string> changes = [];
        int at = 0;
        int to = 0;
        while (at < old.Length || to < now.Length)
        {
            if (at < old.Length && to < now.Length && old[at] == now[to])
            {
                at++;
                to++;
            }
            else if (to == now.Length || (at < old.Length && common[at + 1, to] >= common[at, to + 1]))
            {
                changes.Add($"{at + 1,4} - {old[at++]}");
            }
            else
            {
                changes.Add($"{to + 1,4} + {now[to++]}");
            }
        }

        return changes;
    }

    // common[i, j]: most lines that old from i on and now from j on share, in order.
    private static int[,] CommonLines(string[] old, string[] now)
    {
        int[,] common = new int[old.Length + 1, now.Length + 1];
        for (int at = old.Length - 1; at >= 0; at--)
        {
            for (int to = now.Length - 1; to >= 0; to--)
            {
                common[at, to] = old[at] == now[to]
                    ? common[at + 1, to + 1] + 1
                    : Math.Max(common[at + 1, to], common[at, to + 1]);
            }
        }

        return common;
    }
}
