namespace LoraWal.FaultProcess;

/// <summary>What a log holds.</summary>
internal readonly record struct Held(long Count, ulong First, ulong Last);

/// <summary>A record is not the one that was appended.</summary>
internal sealed class WrongRecordException(string message) : Exception(message);

/// <summary>Reads a whole log and checks every record.</summary>
internal static class LogCheck
{
    /// <exception cref="WrongRecordException">A record is not the one that was appended, or one is missing.</exception>
    /// <exception cref="IOException">The log cannot be read to its end.</exception>
    public static async Task<Held> ReadAsync(IWal wal)
    {
        long count = 0;
        ulong first = 0;
        ulong last = 0;
        int generation = 0;
        await foreach (WalTransaction transaction in wal.ReadAsync())
        {
            foreach (WalRecord record in transaction)
            {
                if (last != 0 && record.Lsn.Value != last + 1)
                {
                    throw new WrongRecordException($"LSN {record.Lsn} follows {last}");
                }

                if (Payload.Problem(record, transaction, ref generation) is { } problem)
                {
                    throw new WrongRecordException($"LSN {record.Lsn}: {problem}");
                }

                last = record.Lsn.Value;
                first = first == 0 ? last : first;
                count++;
            }
        }

        return new Held(count, first, last);
    }
}
