namespace LoraWal.Benchmarks.Workloads;

internal static class Payload
{
    /// <summary>Bytes that do not compress, the same in every run; the first is not zero.</summary>
    public static byte[] Of(int bytes)
    {
        byte[] payload = new byte[bytes];
        uint state = 2463534242;
        for (int i = 0; i < bytes; i++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            payload[i] = (byte)(state | 1);
        }

        return payload;
    }

    public static string Describe(int bytes) => bytes < 1024 ? $"{bytes} B" : $"{bytes / 1024} KiB";
}
