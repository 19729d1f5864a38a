using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using Microsoft.Extensions.Time.Testing;

namespace LoraWal.Tests.Reading;

/// <summary>Pulls from a following reader, whose time passes only here.</summary>
internal sealed class Follower : IAsyncDisposable
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly CountingTime _time = new();
    private readonly IAsyncEnumerator<WalTransaction> _read;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<WalTransaction> _found = [];

    public Follower(TestLog log, WalReadOptions options)
    {
        _read = new WalReader(log.CreateEnvironment() with { Time = _time })
            .ReadAsync(options, _stop.Token).GetAsyncEnumerator();
        Next = _read.MoveNextAsync().AsTask();
    }

    public Task<bool> Next { get; private set; }

    public int Last => _found.Count == 0 ? 0 : (int)_found[^1].LastLsn.Value;

    public List<string> Records => LogVerbs.Describe(_found);

    /// <summary>Takes what comes, until this LSN; looks often enough for hidden damage to be found.</summary>
    public int LastOf(int lsn)
    {
        for (int polls = 0; Last < lsn && polls < 40; polls++)
        {
            PollOnce(lsn);
        }

        return Last;
    }

    public void PollOnce(int upTo = int.MaxValue)
    {
        Take(upTo);
        if (Last < upTo && !Next.IsCompleted)
        {
            int timers = _time.Timers;
            _time.Advance(Poll);
            Assert.True(SpinWait.SpinUntil(() => Next.IsCompleted || _time.Timers > timers, HangGuard));
            Take(upTo);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await Next.WaitAsync(HangGuard);
        }
        catch (Exception ended) when (ended is not TimeoutException)
        {
            // cancelled, or what the test has seen already
        }

        await _read.DisposeAsync();
        _stop.Dispose();
    }

    private void Take(int upTo)
    {
        while (Next.IsCompleted && Last < upTo && Next.GetAwaiter().GetResult())
        {
            _found.Add(_read.Current);
            Next = _read.MoveNextAsync().AsTask();
        }
    }
}

/// <summary>Counts the timers that are made: a reader that has looked makes the next one.</summary>
internal sealed class CountingTime() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private int _timers;

    public int Timers => Volatile.Read(ref _timers);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref _timers);
        return timer;
    }
}
