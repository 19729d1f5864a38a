using System.Buffers.Binary;
using System.IO.Hashing;

namespace LoraWal.Tests.Machines;

/// <summary>A machine whose state is a number that every record, and the order of all, has gone into.</summary>
internal sealed class FoldMachine : IWalStateMachine
{
    private readonly XxHash64 _one = new();

    /// <summary>The state: how many records, and the fold over them.</summary>
    public (long Count, ulong Hash) State { get; private set; }

    /// <summary>LSNs applied since the program started; replayed and live.</summary>
    public List<ulong> Applied { get; } = [];

    /// <summary>Bytes that a snapshot has behind the state.</summary>
    public int Filler { get; init; }

    /// <summary>Whether LSNs are kept.</summary>
    public bool KeepsApplied { get; init; } = true;

    public Lsn LoadedAt { get; private set; }

    public int Loads { get; private set; }

    public Action<WalRecord>? OnApply { get; set; }

    public Func<Task>? OnSave { get; set; }

    public Action? OnLoad { get; set; }

    public Func<FoldMachine, IWalSnapshotView>? OnPrepare { get; set; }

    /// <summary>The fold over records, by other code than the machine's.</summary>
    public static (long Count, ulong Hash) FoldOf(IEnumerable<WalTransaction> transactions) => transactions
        .SelectMany(transaction => transaction)
        .Aggregate((Count: 0L, Hash: 0UL), (state, record) => Next(state, record, new XxHash64()));

    public void Apply(in WalRecord record)
    {
        OnApply?.Invoke(record);
        State = Next(State, record, _one);
        if (KeepsApplied)
        {
            Applied.Add(record.Lsn.Value);
        }
    }

    public async ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        (long Count, ulong Hash) state = State;
        await (OnSave?.Invoke() ?? Task.CompletedTask);
        await WriteAsync(snapshot, state, Filler, cancellationToken);
    }

    public async ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken)
    {
        Loads++;
        OnLoad?.Invoke();
        byte[] bytes = new byte[16];
        await snapshot.ReadExactlyAsync(bytes, cancellationToken);
        ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8));
        State = (BinaryPrimitives.ReadInt64LittleEndian(bytes), hash);
        LoadedAt = lsn;
        using MemoryStream rest = new();
        await snapshot.CopyToAsync(rest, cancellationToken);
        Assert.Equal(FillerOf(Filler), rest.ToArray());
    }

    public IWalSnapshotView? PrepareSnapshot() => OnPrepare?.Invoke(this);

    public static async Task WriteAsync(
        Stream snapshot, (long Count, ulong Hash) state, int filler, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, state.Count);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), state.Hash);
        await snapshot.WriteAsync(bytes, cancellationToken);
        await snapshot.WriteAsync(FillerOf(filler), cancellationToken);
    }

    private static byte[] FillerOf(int bytes)
    {
        byte[] filler = new byte[bytes];
        new Random(5).NextBytes(filler);
        return filler;
    }

    private static (long Count, ulong Hash) Next((long Count, ulong Hash) state, in WalRecord record, XxHash64 one)
    {
        Span<byte> place = stackalloc byte[18];
        BinaryPrimitives.WriteUInt64LittleEndian(place, state.Hash);
        BinaryPrimitives.WriteUInt64LittleEndian(place[8..], record.Lsn.Value);
        BinaryPrimitives.WriteUInt16LittleEndian(place[16..], record.RecordType);
        one.Reset();
        one.Append(place);
        one.Append(record.Payload.Span);
        return (state.Count + 1, one.GetCurrentHashAsUInt64());
    }
}

/// <summary>A copy of the state at one moment.</summary>
internal sealed class FoldView(FoldMachine machine, Func<Task>? onSave = null) : IWalSnapshotView
{
    private readonly (long Count, ulong Hash) _state = machine.State;

    public bool IsDisposed { get; private set; }

    public async ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        await (onSave?.Invoke() ?? Task.CompletedTask);
        await FoldMachine.WriteAsync(snapshot, _state, machine.Filler, cancellationToken);
    }

    public void Dispose() => IsDisposed = true;
}
