using System.Buffers.Binary;

namespace LoraWal.FaultProcess;

/// <summary>Appends records, and beside it passes on what a cursor reads to a file, as a consumer does.</summary>
internal static class Follower
{
    /// <summary>The cursor's name, and the file's that it fills: the LSN of each record seen, 8 bytes each.</summary>
    public const string Name = "sink";

    /// <summary>Runs until it is killed. Says <c>POSITION lsn</c> when it opens, <c>SEEN lsn</c> for each record passed
    /// on, and <c>KEPT lsn</c> for each position acknowledged.</summary>
    public static async Task<int> RunAsync(Wal wal, string sink)
    {
        await using FileStream file = new(sink, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        await using WalCursor cursor = await wal.OpenCursorAsync(Name);
        Output.Say(0, $"POSITION {cursor.Position}");
        Task writer = Task.Run(() => AppendAsync(wal));
        byte[] line = new byte[8];
        await foreach (WalTransaction transaction in cursor.ReadAsync())
        {
            foreach (WalRecord record in transaction)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(line, record.Lsn.Value);
                await file.WriteAsync(line);
            }

            Output.Say(0, $"SEEN {transaction.LastLsn}");
            if (transaction.LastLsn.Value % 3 == 0)
            {
                await cursor.AcknowledgeAsync(transaction.LastLsn);
                Output.Say(0, $"KEPT {transaction.LastLsn}");
                await wal.TruncateAsync(wal.Status.DurableLsn);
            }
        }

        await writer;
        return 0;
    }

    private static async Task AppendAsync(Wal wal)
    {
        while (true)
        {
            ulong lsn = wal.Status.NextLsn.Value;
            byte[] payload = Payload.Of(lsn, lsn, 1, (int)(lsn * 3701 % 12_000) + 1, wal.Recovery.Generation);
            await wal.AppendAsync(payload, Payload.RecordType);
        }
    }
}
