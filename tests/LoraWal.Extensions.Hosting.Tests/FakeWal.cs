using System.Runtime.CompilerServices;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>A log in memory whose every state a test sets.</summary>
internal sealed class FakeWal : IWal, IOpenedWal
{
    private readonly CancellationTokenSource _poisoned = new();
    private readonly List<WalTransaction> _transactions = [];

    public WalOptions? OpenedWith { get; set; }

    public List<string> Calls { get; } = [];

    public WalReadOptions LastRead { get; private set; }

    public Exception? CloseFailure { get; set; }

    public Exception? DisposeFailure { get; set; }

    public FakeCursorSource? CursorSource { get; init; }

    public IReadOnlyList<WalCursorInfo> Cursors { get; set; } = [];

    public long? Free { get; set; }

    public TaskCompletionSource FlusherEnded { get; } = new();

    public string Name => OpenedWith?.Name ?? "fake";

    public WalStatus Status { get; set; } = new() { State = WalState.Running, NextLsn = new Lsn(1) };

    public CancellationToken Poisoned => _poisoned.Token;

    public WalRecordTypes RecordTypes => OpenedWith?.RecordTypes ?? new WalRecordTypes();

    public IWal Log => this;

    public RecoveryReport? Recovery { get; } = new() { Verdict = LoraWal.TailVerdict.Clean };

    public FakeWal With(ulong lsn, int count = 1)
    {
        Assert.Equal(1, count);
        _transactions.Add(new WalTransaction(new Lsn(lsn), DateTimeOffset.UnixEpoch, 0, new byte[] { (byte)lsn }));
        Status = Status with { DurableLsn = new Lsn(lsn), WrittenLsn = new Lsn(lsn), NextLsn = new Lsn(lsn + 1) };
        return this;
    }

    public void Poison(string reason)
    {
        var fault = new WalFault(reason, Status.DurableLsn, DateTimeOffset.UnixEpoch, new IOException(reason));
        Status = Status with { State = WalState.Poisoned, Fault = fault };
        _poisoned.Cancel();
    }

    public ValueTask<Lsn> AppendAsync(
        ReadOnlyMemory<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) => new(Append(payload.Span, recordType, durability));

    public Lsn Append(
        ReadOnlySpan<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default)
    {
        Lsn lsn = Status.NextLsn;
        Calls.Add($"append {lsn}");
        With(lsn.Value);
        return lsn;
    }

    public ValueTask<Lsn> CommitAsync(
        WalBatch batch,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken = default) => new(Status.DurableLsn);

    public ValueTask WaitForDurableAsync(Lsn lsn, CancellationToken cancellationToken = default) => default;

    public async IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        LastRead = options;
        Calls.Add($"read after {options.After}");
        if (options.After < new Lsn(Math.Max(Status.OldestLsn.Value, 1) - 1))
        {
            throw new WalTruncatedException(options.After.Value, Status.OldestLsn);
        }

        foreach (WalTransaction transaction in _transactions.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (transaction.LastLsn > (options.After ?? Lsn.None))
            {
                await Task.Yield();
                yield return transaction;
            }
        }
    }

    public ValueTask CheckpointAsync(Lsn fence, CancellationToken cancellationToken = default) => default;

    public ValueTask<TruncateResult> TruncateAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        new(new TruncateResult());

    public ValueTask<WalCursor> OpenCursorAsync(
        string name, WalCursorOptions? options = null, CancellationToken cancellationToken = default) =>
        new(new WalCursor(CursorSource ?? throw new NotSupportedException()));

    public ValueTask<bool> DropCursorAsync(string name, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public IReadOnlyList<WalCursorInfo> ListCursors() => Cursors;

    public long? FreeBytes() => Free;

    public async Task RunGroupFlusherAsync(CancellationToken stopping)
    {
        Calls.Add("flusher runs");
        var stopped = new TaskCompletionSource();
        await using (stopping.Register(stopped.SetResult))
        {
            await stopped.Task;
        }

        Calls.Add("flusher ended");
        FlusherEnded.SetResult();
    }

    public async Task RunRetentionAsync(
        WalRetentionOptions limits, bool needsCheckpoint, CancellationToken stopping)
    {
        Calls.Add(needsCheckpoint ? "retention runs below the checkpoint" : "retention runs");
        var stopped = new TaskCompletionSource();
        await using (stopping.Register(stopped.SetResult))
        {
            await stopped.Task;
        }

        Calls.Add("retention ended");
    }

    public ValueTask CloseAsync()
    {
        Calls.Add("close");
        Status = Status with { State = WalState.Closed };
        return CloseFailure is null ? default : ValueTask.FromException(CloseFailure);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    public void Dispose()
    {
        Calls.Add("dispose");
        Status = Status with { State = WalState.Closed };
        if (DisposeFailure is not null)
        {
            throw DisposeFailure;
        }
    }
}

/// <summary>Opens fakes: the attempts to come, in order; the last one is repeated.</summary>
internal sealed class FakeOpener : IWalOpener
{
    private readonly Queue<Exception> _failures = new();

    public Dictionary<string, FakeWal> Logs { get; } = [];

    public FakeWal Log => Logs.TryGetValue("default", out FakeWal? log) ? log : Logs["default"] = new FakeWal();

    public int Attempts { get; private set; }

    public Action? OnOpen { get; set; }

    /// <summary>Released once per attempt.</summary>
    public SemaphoreSlim Attempted { get; } = new(0);

    public FakeOpener Failing(int times, Func<Exception> failure)
    {
        for (int i = 0; i < times; i++)
        {
            _failures.Enqueue(failure());
        }

        return this;
    }

    public ValueTask<IOpenedWal> OpenAsync(WalOptions options, CancellationToken cancellationToken)
    {
        Attempts++;
        OnOpen?.Invoke();
        try
        {
            if (_failures.TryDequeue(out Exception? failure))
            {
                return ValueTask.FromException<IOpenedWal>(failure);
            }

            if (!Logs.TryGetValue(options.Name, out FakeWal? log))
            {
                Logs[options.Name] = log = new FakeWal();
            }

            log.OpenedWith = options;
            return ValueTask.FromResult<IOpenedWal>(log);
        }
        finally
        {
            Attempted.Release();
        }
    }
}
