using System.Runtime.CompilerServices;
using LoraWal.Cursors;

namespace LoraWal.Extensions.Hosting;

/// <summary>The log that is switched off: accepts everything, keeps nothing.</summary>
/// <remarks>A reader that follows waits like one of an idle log, so that its loop does not spin.</remarks>
internal sealed class DisabledWal(string name, WalRecordTypes recordTypes) : IWal, IOpenedWal
{
    private static readonly WalStatus Snapshot = new() { State = WalState.Disabled, NextLsn = new Lsn(1) };

    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => name;

    public WalStatus Status => Snapshot;

    public CancellationToken Poisoned => CancellationToken.None;

    public WalRecordTypes RecordTypes => recordTypes;

    public IWal Log => this;

    public RecoveryReport? Recovery => null;

    public ValueTask<Lsn> AppendAsync(
        ReadOnlyMemory<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) => Accept(cancellationToken);

    public Lsn Append(
        ReadOnlySpan<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default) => Lsn.None;

    public ValueTask<Lsn> CommitAsync(
        WalBatch batch,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Accept(cancellationToken);
    }

    public ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken = default) => Accept(cancellationToken);

    public ValueTask WaitForDurableAsync(Lsn lsn, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : ValueTask.CompletedTask;

    public async IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (options.Follow)
        {
            await _closed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        yield break;
    }

    public ValueTask CheckpointAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        WaitForDurableAsync(fence, cancellationToken);

    public ValueTask<TruncateResult> TruncateAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<TruncateResult>(cancellationToken)
            : ValueTask.FromResult(new TruncateResult { OldestLsn = Snapshot.NextLsn });

    public ValueTask<WalCursor> OpenCursorAsync(
        string name, WalCursorOptions? options = null, CancellationToken cancellationToken = default)
    {
        CursorName.ThrowIfInvalid(name);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<WalCursor>(cancellationToken)
            : ValueTask.FromResult(new WalCursor(new NoCursor(this, name)));
    }

    public ValueTask<bool> DropCursorAsync(string name, CancellationToken cancellationToken = default)
    {
        CursorName.ThrowIfInvalid(name);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<bool>(cancellationToken)
            : ValueTask.FromResult(false);
    }

    public IReadOnlyList<WalCursorInfo> ListCursors() => [];

    public long? FreeBytes() => null;

    public Task RunGroupFlusherAsync(CancellationToken stopping) => Task.CompletedTask;

    public Task RunRetentionAsync(WalRetentionOptions limits, bool needsCheckpoint, CancellationToken stopping) =>
        Task.CompletedTask;

    public ValueTask CloseAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => CloseAsync();

    public void Dispose() => _closed.TrySetResult();

    private static ValueTask<Lsn> Accept(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<Lsn>(cancellationToken)
            : ValueTask.FromResult(Lsn.None);

    private sealed class NoCursor(DisabledWal log, string name) : ICursorSource
    {
        public string Name => name;

        public Lsn Position => Lsn.None;

        public long LagBytes => 0;

        public IAsyncEnumerable<WalTransaction> ReadAsync(Lsn after, CancellationToken cancellationToken) =>
            log.ReadAsync(new WalReadOptions(Follow: true), cancellationToken);

        public Task AcknowledgeAsync(Lsn lsn) => Task.CompletedTask;

        public void Release()
        {
            // Nothing is kept, so nothing is held.
        }
    }
}
