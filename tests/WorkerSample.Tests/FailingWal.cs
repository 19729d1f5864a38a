using LoraWal;

namespace WorkerSample.Tests;

/// <summary>A log whose commits fail.</summary>
internal sealed class FailingWal(Exception failure) : IWal
{
    public string Name => "failing";

    public WalStatus Status { get; } = new() { State = WalState.Running };

    public WalRecordTypes RecordTypes { get; } = new WalRecordTypes()
        .Add(EventRecords.Posted, new PostedEventSerializer())
        .AddJson(EventRecords.Reading, SampleJson.Default.LoadReading);

    public CancellationToken Poisoned => CancellationToken.None;

    public ValueTask<Lsn> AppendAsync(
        ReadOnlyMemory<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) => throw failure;

    public Lsn Append(
        ReadOnlySpan<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default) => throw failure;

    public ValueTask<Lsn> CommitAsync(
        WalBatch batch,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default) => throw failure;

    public ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken = default) => throw failure;

    public ValueTask WaitForDurableAsync(Lsn lsn, CancellationToken cancellationToken = default) => throw failure;

    public IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, CancellationToken cancellationToken = default) =>
        AsyncEnumerable.Empty<WalTransaction>();

    public ValueTask CheckpointAsync(Lsn fence, CancellationToken cancellationToken = default) => throw failure;

    public ValueTask<TruncateResult> TruncateAsync(Lsn fence, CancellationToken cancellationToken = default) =>
        throw failure;

    public ValueTask<WalCursor> OpenCursorAsync(
        string name, WalCursorOptions? options = null, CancellationToken cancellationToken = default) => throw failure;

    public ValueTask<bool> DropCursorAsync(string name, CancellationToken cancellationToken = default) =>
        throw failure;

    public IReadOnlyList<WalCursorInfo> ListCursors() => [];
}
