namespace LoraWal.Extensions.Hosting;

/// <summary>The log that services get injected: there before the log is open, thin once it is.</summary>
internal sealed class WalFront(HostedLog hosted) : IWal, IWalRecovery
{
    public string Name => hosted.Name;

    public WalStatus Status => hosted.Status;

    public CancellationToken Poisoned => hosted.Poisoned;

    public WalRecordTypes RecordTypes => hosted.RecordTypes;

    public RecoveryReport? Report => hosted.Recovery;

    public ValueTask<Lsn> AppendAsync(
        ReadOnlyMemory<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) =>
        hosted.ForWriting.AppendAsync(payload, recordType, durability, cancellationToken);

    public Lsn Append(
        ReadOnlySpan<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default) =>
        hosted.ForWriting.Append(payload, recordType, durability);

    public ValueTask<Lsn> CommitAsync(
        WalBatch batch,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) =>
        hosted.ForWriting.CommitAsync(batch, durability, cancellationToken);

    public ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken = default) =>
        hosted.ForWriting.SyncAsync(cancellationToken);

    public ValueTask WaitForDurableAsync(Lsn lsn, CancellationToken cancellationToken = default) =>
        hosted.ForWriting.WaitForDurableAsync(lsn, cancellationToken);

    public IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, CancellationToken cancellationToken = default) =>
        hosted.ForReading.ReadAsync(options, cancellationToken);

    public ValueTask CheckpointAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        hosted.ForWriting.CheckpointAsync(fence, cancellationToken);

    public ValueTask<TruncateResult> TruncateAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        hosted.ForWriting.TruncateAsync(fence, cancellationToken);

    public ValueTask<WalCursor> OpenCursorAsync(
        string name, WalCursorOptions? options = null, CancellationToken cancellationToken = default) =>
        hosted.ForWriting.OpenCursorAsync(name, options, cancellationToken);

    public ValueTask<bool> DropCursorAsync(string name, CancellationToken cancellationToken = default) =>
        hosted.ForWriting.DropCursorAsync(name, cancellationToken);

    public IReadOnlyList<WalCursorInfo> ListCursors() => hosted.Cursors;
}
