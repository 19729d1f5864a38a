using System.Runtime.CompilerServices;
using LoraWal.Cursors;

namespace LoraWal;

/// <summary>A named place in a log that is kept durably beside it: what a consumer has done with. Opened by
/// <see cref="IWal.OpenCursorAsync"/>.</summary>
/// <remarks>
/// <para>At least once, in order: what was read and not acknowledged is read again, after <see cref="ReadAsync"/> is
/// called anew or the process has started again. Never what is not durable.</para>
/// <para>Truncation deletes nothing above <see cref="Position"/>, whether the cursor is open or not. One that is not
/// needed any more has to be dropped: <see cref="IWal.DropCursorAsync"/>.</para>
/// <para>Dispose of it to let the name be opened again. That stores nothing.</para>
/// </remarks>
/// <threadsafety>All members may be used by any number of threads at once.</threadsafety>
public sealed class WalCursor : IAsyncDisposable
{
    private readonly ICursorSource _source;
    private ulong _read;
    private int _isDisposed;

    internal WalCursor(ICursorSource source)
    {
        _source = source;
        _read = source.Position.Value;
    }

    /// <summary>The cursor's name.</summary>
    public string Name => _source.Name;

    /// <summary>Up to here everything has been acknowledged, durably.</summary>
    public Lsn Position => _source.Position;

    /// <summary>Bytes of the segments with records above <see cref="Position"/>: an estimate, see
    /// <see cref="WalCursorInfo.LagBytes"/>.</summary>
    public long LagBytes => _source.LagBytes;

    /// <summary>Reads what comes after <see cref="Position"/>, and waits for more as it becomes durable.</summary>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Whole transactions in LSN order. Each enumeration begins at the position as it is then; it ends when
    /// the log is closed.</returns>
    /// <exception cref="WalTruncatedException">The records have been truncated away, by whoever did not ask the
    /// cursor.</exception>
    /// <exception cref="WalCorruptException">Bytes that must be a valid frame are not. Nothing is skipped.</exception>
    /// <exception cref="WalPoisonedException">Everything durable of a poisoned log has been read.</exception>
    /// <exception cref="ObjectDisposedException">The cursor has been disposed of.</exception>
    public async IAsyncEnumerable<WalTransaction> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        await foreach (WalTransaction transaction in _source.ReadAsync(Position, cancellationToken)
            .WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            ThrowIfDisposed();
            NoteRead(transaction.LastLsn.Value);
            yield return transaction;
        }
    }

    /// <summary>Stores that everything up to an LSN is done with.</summary>
    /// <param name="lsn">At most the last LSN read. Within a transaction: the whole of it is read again. At or below
    /// <see cref="Position"/>: nothing happens.</param>
    /// <param name="cancellationToken">Stops the wait, never the write.</param>
    /// <remarks><b>Durability.</b> When the task completes, the position survives a power cut: a new file has been
    /// written, synced, and renamed over the old one, and the directory synced. Calls that wait at the same time share
    /// one such round.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="lsn"/> is above everything that was
    /// read.</exception>
    /// <exception cref="IOException">The file could not be written or synced, for lack of space, say. The old position
    /// stays, the log goes on, and the next call tries anew.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned, by a failed sync of its directory in this very call,
    /// it may be. The old position stays, or the new one is found at the next open.</exception>
    /// <exception cref="ObjectDisposedException">The cursor has been disposed of, or the log is closed.</exception>
    public async ValueTask AcknowledgeAsync(Lsn lsn, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        if (lsn <= Position)
        {
            return;
        }

        ulong read = Volatile.Read(ref _read);
        if (lsn.Value > read)
        {
            throw new ArgumentOutOfRangeException(
                nameof(lsn), lsn, $"The cursor '{Name}' has read up to LSN {read}: nothing above it can be done with.");
        }

        await _source.AcknowledgeAsync(lsn).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets the name be opened again. The position stays as it was acknowledged last.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _source.Release();
        }

        return ValueTask.CompletedTask;
    }

    private void NoteRead(ulong lsn)
    {
        ulong before = Volatile.Read(ref _read);
        while (before < lsn)
        {
            ulong seen = Interlocked.CompareExchange(ref _read, lsn, before);
            if (seen == before)
            {
                return;
            }

            before = seen;
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
}
