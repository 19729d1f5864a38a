using LoraWal.Machines;
using LoraWal.Segments;

namespace LoraWal;

/// <summary>Opens state machines on a log.</summary>
public static class WalStateMachine
{
    /// <summary>Brings a machine's state back from its newest snapshot and the records above it, and keeps it up to
    /// date.</summary>
    /// <typeparam name="T">The machine.</typeparam>
    /// <param name="wal">The open log; it outlives the machine.</param>
    /// <param name="machine">The machine, empty: nobody else changes it from now on.</param>
    /// <param name="options">The settings; read once. Default: all defaults.</param>
    /// <param name="name">The machine's name, for its snapshots. Default: "default".</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <returns>The machine, with every record applied that the log had. Dispose of it before the log: that takes a
    /// last snapshot.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or the name is not 1 to 64 of a to z, 0 to 9
    /// and '-'.</exception>
    /// <exception cref="InvalidOperationException">The log has a machine of this name.</exception>
    /// <exception cref="WalSnapshotException">The snapshot is of another log or a later version, the machine does not
    /// take it, or the log no longer has the records above it.</exception>
    /// <exception cref="WalSnapshotKeyException">The snapshot is encrypted with another key.</exception>
    /// <exception cref="WalStateMachineException">The machine failed on a record.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    public static async ValueTask<WalStateMachine<T>> OpenAsync<T>(
        Wal wal,
        T machine,
        SnapshotOptions? options = null,
        string name = SnapshotName.DefaultMachine,
        CancellationToken cancellationToken = default)
        where T : class, IWalStateMachine
    {
        WalStateMachine<T> opened = await OpenStoppedAsync(wal, machine, options, name, null, cancellationToken)
            .ConfigureAwait(false);
        opened.Handle.Start();
        return opened;
    }

    /// <summary>The same, but follows nothing yet: the host starts it once all machines are there. The progress, from 0
    /// to 1, is of the replay.</summary>
    internal static async ValueTask<WalStateMachine<T>> OpenStoppedAsync<T>(
        Wal wal,
        T machine,
        SnapshotOptions? options,
        string name,
        Action<double>? progress,
        CancellationToken cancellationToken)
        where T : class, IWalStateMachine
    {
        ArgumentNullException.ThrowIfNull(wal);
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(name);
        options ??= new SnapshotOptions();
        SnapshotOptionsCheck.ThrowIfInvalid(options);
        if (!SnapshotName.IsMachineName(name))
        {
            throw new ArgumentException(
                $"'{name}' names files: it must be 1 to 64 of a to z, 0 to 9 and '-'.", nameof(name));
        }

        MachineHandle handle = await new MachineStart(wal, machine, name, options, progress)
            .RunAsync(cancellationToken).ConfigureAwait(false);
        return new WalStateMachine<T>(handle);
    }
}

/// <summary>A state machine on an open log. Dispose of it before the log is closed: that takes a last snapshot, unless
/// the options say otherwise.</summary>
/// <typeparam name="T">The machine.</typeparam>
/// <threadsafety>All members may be used by any number of threads at once, but not from within
/// <see cref="IWalStateMachine.Apply"/>.</threadsafety>
public sealed class WalStateMachine<T> : IWalStateMachineHost<T>, IAsyncDisposable
    where T : class, IWalStateMachine
{
    internal WalStateMachine(MachineHandle handle) => Handle = handle;

    /// <inheritdoc/>
    public string Name => Handle.Name;

    /// <inheritdoc/>
    public WalStateMachineStatus Status => Handle.Status;

    internal MachineHandle Handle { get; }

    /// <inheritdoc/>
    public ValueTask<Lsn> ExecuteAsync(
        ReadOnlyMemory<byte> payload, ushort recordType = 0, CancellationToken cancellationToken = default) =>
        Handle.ExecuteAsync(payload, recordType, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Lsn> ExecuteAsync(WalBatch batch, CancellationToken cancellationToken = default) =>
        Handle.ExecuteAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public ValueTask WaitForAppliedAsync(Lsn lsn, CancellationToken cancellationToken = default) =>
        Handle.WaitForAppliedAsync(lsn, cancellationToken);

    /// <inheritdoc/>
    public TResult Read<TResult>(Func<T, TResult> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return Handle.Runner.Read<T, Func<T, TResult>, TResult>(read, static (machine, read) => read(machine));
    }

    /// <inheritdoc/>
    public TResult Read<TArgument, TResult>(TArgument argument, Func<T, TArgument, TResult> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return Handle.Runner.Read(argument, read);
    }

    /// <inheritdoc/>
    public ValueTask<Lsn> CheckpointAsync(CancellationToken cancellationToken = default) =>
        Handle.CheckpointAsync(cancellationToken);

    /// <summary>Takes the last snapshot, if the options want one, and stops following the log. Waits for a snapshot
    /// under way, whose token is cancelled. One that fails has been reported, and is not thrown: the next start
    /// replays more.</summary>
    public async ValueTask DisposeAsync() => await Handle.StopAsync(CancellationToken.None).ConfigureAwait(false);
}
