using System.Buffers.Binary;
using System.IO.Hashing;

namespace LoraWal.FaultProcess;

/// <summary>A state machine whose state is a number that every record, and the order of all, has gone into.</summary>
internal sealed class Machine : IWalStateMachine
{
    private readonly byte[] _state = new byte[16];

    /// <summary>How many records were applied, and the fold over them.</summary>
    public (ulong Count, ulong Fold) State => (
        BinaryPrimitives.ReadUInt64LittleEndian(_state), BinaryPrimitives.ReadUInt64LittleEndian(_state.AsSpan(8)));

    /// <summary>Runs until it is killed. Says <c>STATE lsn count fold snapshot</c> when the state is back, and
    /// <c>ACK lsn</c> for each record executed.</summary>
    public static async Task<int> RunAsync(Wal wal)
    {
        await using WalStateMachine<Machine> host = await OpenAsync(wal);
        (ulong count, ulong fold) = host.Read(machine => machine.State);
        Output.Say(0, $"STATE {host.Status.AppliedLsn} {count} {fold} {host.Status.SnapshotLsn}");
        while (true)
        {
            Output.Say(0, $"ACK {await host.ExecuteAsync(PayloadOf(wal.Status.NextLsn.Value))}");
        }
    }

    /// <summary>Brings a machine back, with snapshots so often that every life takes some.</summary>
    public static ValueTask<WalStateMachine<Machine>> OpenAsync(Wal wal) =>
        WalStateMachine.OpenAsync(wal, new Machine(), new SnapshotOptions { EveryCommits = 16 });

    /// <summary>What is appended at an LSN: nothing but the LSN decides it.</summary>
    public static byte[] PayloadOf(ulong lsn)
    {
        byte[] payload = new byte[1 + (int)(lsn * 3701 % 9_000)];
        new Random((int)lsn).NextBytes(payload);
        return payload;
    }

    public void Apply(in WalRecord record)
    {
        (ulong count, ulong fold) = State;
        BinaryPrimitives.WriteUInt64LittleEndian(_state, count + 1);
        ulong next = XxHash64.HashToUInt64(record.Payload.Span, (long)(fold ^ record.Lsn.Value));
        BinaryPrimitives.WriteUInt64LittleEndian(_state.AsSpan(8), next);
    }

    public async ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken) =>
        await snapshot.WriteAsync(_state, cancellationToken);

    public async ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken) =>
        await snapshot.ReadExactlyAsync(_state, cancellationToken);
}
