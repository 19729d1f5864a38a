namespace LoraWal.Interleavings.StandIns;

/// <summary>What a planted bug does instead of the right thing.</summary>
internal static class Planted
{
    /// <summary>As <see cref="Interlocked.CompareExchange(ref int, int, int)"/>, but in two steps.</summary>
    public static int CheckThenAct(ref int location, int value, int comparand)
    {
        int found = Interlocked.CompareExchange(ref location, 0, 0);
        if (found == comparand)
        {
            Interlocked.Exchange(ref location, value);
        }

        return found;
    }
}
