using LoraWal.Log;
using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class FollowerTests
{
    private const int Rounds = 200;

    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_follower_in_this_process_sees_every_record_once_over_rotations()
    {
        using TemporaryDirectory directory = new();
        using Wal wal = Open(directory);
        using LogFollower follower = wal.Follow(default);
        var expected = new List<(ulong, int, byte)>();
        var seen = new List<(ulong, int, byte)>();
        for (int i = 1; i <= Rounds; i++)
        {
            byte[] payload = new byte[i * 37 % 5_000];
            payload.AsSpan().Fill((byte)i);
            expected.Add(((ulong)i, payload.Length, (byte)(payload.Length > 0 ? i : 0)));
            wal.Append(payload);
            if (i % 3 == 0)
            {
                Take(follower, seen);
            }
        }

        Take(follower, seen);
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task A_waiting_follower_is_woken_by_what_becomes_durable_and_by_the_end_of_the_log()
    {
        using TemporaryDirectory directory = new();
        Wal wal = Open(directory);
        using LogFollower follower = wal.Follow(default);
        Task<int> reading = Task.Run(async () =>
        {
            int count = 0;
            PassStatus status;
            while ((status = follower.Next(out _)) != PassStatus.Ended)
            {
                if (status == PassStatus.AtEdge)
                {
                    await follower.WaitAsync();
                }
                else
                {
                    count++;
                }
            }

            return count;
        });
        for (int i = 0; i < Rounds; i++)
        {
            wal.Append([1]);
        }

        await wal.CloseAsync();
        Assert.Equal(Rounds, await reading.WaitAsync(HangGuard));
    }

    [Fact]
    public async Task A_wait_of_a_follower_can_be_cancelled_and_made_again()
    {
        using TemporaryDirectory directory = new();
        using Wal wal = Open(directory);
        using LogFollower follower = wal.Follow(default);
        Assert.Equal(PassStatus.AtEdge, follower.Next(out _));
        using CancellationTokenSource stop = new();
        Task wait = follower.WaitAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => wait.WaitAsync(HangGuard));

        Assert.Equal(PassStatus.AtEdge, follower.Next(out _));
        wait = follower.WaitAsync().AsTask();
        Assert.False(wait.IsCompleted);
        wal.Append([1]);
        await wait.WaitAsync(HangGuard);
        Assert.Equal(PassStatus.Transaction, follower.Next(out _));
    }

    [Fact]
    public void A_signal_that_nobody_waited_for_is_kept_for_the_next_wait()
    {
        MoveSignal signal = new();
        signal.Set();
        Assert.True(signal.WaitAsync(CancellationToken.None).IsCompletedSuccessfully);
        Assert.False(signal.WaitAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public void Following_allocates_nothing_in_steady_state()
    {
        using TemporaryDirectory directory = new();
        using Wal wal = Open(directory);
        using LogFollower follower = wal.Follow(default);
        byte[] payload = new byte[100];
        Round(wal, follower, payload); // the buffer grows, the pools fill
        Round(wal, follower, payload);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Round(wal, follower, payload);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        const int SmallestObject = 24;
        Assert.True(allocated < Rounds * SmallestObject / 2, $"{allocated} bytes for {Rounds} records");
    }

    private static Wal Open(TemporaryDirectory directory)
    {
        WalOptions options = new()
        {
            Directory = directory.Path, SyncMode = SyncMode.PerCommit, SegmentTargetBytes = 128 * 1024,
        };
        return Wal.Open(options, WalEnvironment.OnDisk(directory.Path) with { StartsFlusher = false });
    }

    // Assert.Equal allocates.
    private static void Round(Wal wal, LogFollower follower, byte[] payload)
    {
        for (int i = 0; i < Rounds; i++)
        {
            wal.Append(payload);
            ValueTask wait = follower.WaitAsync();
            Assert.True(wait.IsCompletedSuccessfully, "The append has moved the edge.");
            bool isOne = follower.Next(out WalTransaction transaction) == PassStatus.Transaction
                && transaction[0].Payload.Length == payload.Length
                && follower.Next(out _) == PassStatus.AtEdge;
            Assert.True(isOne, "One record was appended.");
        }
    }

    private static void Take(LogFollower follower, List<(ulong Lsn, int Length, byte First)> seen)
    {
        while (follower.Next(out WalTransaction transaction) == PassStatus.Transaction)
        {
            foreach (WalRecord record in transaction)
            {
                ReadOnlySpan<byte> payload = record.Payload.Span;
                seen.Add((record.Lsn.Value, payload.Length, payload.IsEmpty ? (byte)0 : payload[^1]));
            }
        }
    }
}
