using System.Collections.Concurrent;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Concurrency;

/// <summary>Many writers, a checkpointer, a truncator and followers on one log, with tokens that fire at
/// random.</summary>
internal sealed class Storm(Wal wal, int seed)
{
    // Only so that a call that never ends fails the test instead of stopping it for ever.
    public static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    private int _counter;
    private long _truncated;

    /// <summary>What was acknowledged: first LSN, and the payloads from there on.</summary>
    public ConcurrentDictionary<ulong, byte[][]> Acknowledged { get; } = new();

    /// <summary>Greatest fence that was truncated.</summary>
    public ulong Truncated => (ulong)Volatile.Read(ref _truncated);

    /// <summary>Runs writers until each has made so many appends, or the log is closed.</summary>
    public Task RunAsync(int writers, int appends)
    {
        Task[] tasks = [.. Enumerable.Range(0, writers).Select(i => Task.Run(() => WriteAsync(i, appends)))];
        return Task.WhenAll(tasks).WaitAsync(HangGuard);
    }

    /// <summary>Follows the log to its end, and checks the order.</summary>
    /// <returns>How many transactions it saw.</returns>
    public async Task<int> FollowAsync(bool includeNotDurable)
    {
        int count = 0;
        ulong last = 0;
        try
        {
            await foreach (WalTransaction transaction in wal.ReadAsync(
                new WalReadOptions(Follow: true, IncludeNotDurable: includeNotDurable)))
            {
                Assert.Equal(last + 1, transaction.FirstLsn.Value);
                last = transaction.LastLsn.Value;
                count++;
                if (!includeNotDurable)
                {
                    Assert.True(last <= wal.Status.DurableLsn.Value, "a durable reader is ahead of the durable LSN");
                }
            }
        }
        catch (WalTruncatedException) when (Truncated > 0)
        {
            // It was slower than the truncation.
        }
        catch (ObjectDisposedException)
        {
            // It was slower than the close.
        }

        return count;
    }

    /// <summary>Checks a log that was opened again: everything acknowledged is there, dense and unchanged.</summary>
    public async Task VerifyAsync(Wal again)
    {
        ulong oldest = again.Status.OldestLsn.Value;
        Assert.True(oldest <= Truncated + 1);
        var found = new Dictionary<ulong, byte[][]>();
        ulong next = oldest;
        await foreach (WalTransaction transaction in again.ReadAsync())
        {
            Assert.Equal(next, transaction.FirstLsn.Value);
            next = transaction.LastLsn.Value + 1;
            found.Add(transaction.FirstLsn.Value, [.. transaction.Select(record => record.Payload.ToArray())]);
        }

        foreach ((ulong lsn, byte[][] payloads) in Acknowledged)
        {
            if (lsn >= oldest)
            {
                Assert.Equal(payloads, found[lsn]);
            }
        }
    }

    private async Task WriteAsync(int writer, int appends)
    {
        var random = new SeededRandom((seed * 1000) + writer);
        for (int i = 0; i < appends; i++)
        {
            try
            {
                await OneAsync(random);
            }
            catch (OperationCanceledException)
            {
                // A token has fired.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task OneAsync(SeededRandom random)
    {
        var need = (AppendDurability)random.Next(4);
        using CancellationTokenSource cancellation = new();
        Task firing = random.OneIn(6) ? Task.Run(cancellation.Cancel) : Task.CompletedTask;
        try
        {
            switch (random.Next(20))
            {
                case < 14:
                    byte[] lone = Payload(random);
                    Lsn lsn = random.OneIn(4)
                        ? wal.Append(lone, 0, need)
                        : await wal.AppendAsync(lone, 0, need, cancellation.Token);
                    Acknowledge(lsn, [lone], need);
                    break;
                case < 17:
                    using (var batch = new WalBatch())
                    {
                        byte[][] payloads = [Payload(random), Payload(random), Payload(random)];
                        Array.ForEach(payloads, payload => batch.Add(payload));
                        Acknowledge(await wal.CommitAsync(batch, need), payloads, need);
                    }

                    break;
                case 17:
                    ulong before = wal.Status.WrittenLsn.Value;
                    Assert.True((await wal.SyncAsync(cancellation.Token)).Value >= before);
                    break;
                case 18:
                    await wal.CheckpointAsync(wal.Status.WrittenLsn, cancellation.Token);
                    break;
                default:
                    await TruncateAsync();
                    break;
            }
        }
        finally
        {
            await firing;
        }
    }

    private async Task TruncateAsync()
    {
        ulong fence = wal.Status.DurableLsn.Value / 2;
        InterlockedMax(ref _truncated, (long)fence);
        await wal.TruncateAsync(new Lsn(fence));
    }

    private void Acknowledge(Lsn last, byte[][] payloads, AppendDurability need)
    {
        Assert.True(Acknowledged.TryAdd(last.Value - (ulong)payloads.Length + 1, payloads), $"LSN {last} came twice");
        if (need == AppendDurability.Durable)
        {
            Assert.True(last <= wal.Status.DurableLsn, $"acknowledged {last}, durable is {wal.Status.DurableLsn}");
        }
    }

    private byte[] Payload(SeededRandom random)
    {
        byte[] payload = new byte[random.OneIn(10) ? random.Next(4000, 20_000) : random.Next(8, 200)];
        random.NextBytes(payload);
        BitConverter.TryWriteBytes(payload, Interlocked.Increment(ref _counter));
        return payload;
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen = Volatile.Read(ref target);
        while (seen < value && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen)
        {
            seen = now;
        }
    }
}
