using System.Buffers;
using System.Runtime.CompilerServices;
using LoraWal.Typed;

namespace LoraWal;

/// <summary>Appends values of the record types that a log knows.</summary>
public static class WalTypedExtensions
{
    /// <summary>Appends one value as a transaction of its own.</summary>
    /// <typeparam name="T">The type of the value, as it was registered: not a type derived from it.</typeparam>
    /// <param name="wal">The log; <see cref="IWal.RecordTypes"/> has the type.</param>
    /// <param name="value">The value. Read before the method returns its task: it may change afterwards.</param>
    /// <param name="durability">How far the record has got when the task completes.</param>
    /// <param name="cancellationToken">Stops the wait, never the write.</param>
    /// <returns>The LSN of the record.</returns>
    /// <remarks>
    /// <para><b>Durability, cancellation, threads.</b> As for <see cref="IWal.AppendAsync"/>.</para>
    /// <para>What the serializer throws is thrown as it is, by the call itself; nothing was appended.</para>
    /// </remarks>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not registered. Nothing was
    /// appended.</exception>
    /// <exception cref="ArgumentException">The payload is too large. Nothing was appended.</exception>
    /// <exception cref="WalFullException">No space is left for the next segment. Nothing was appended.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed. Nothing was appended.</exception>
    public static ValueTask<Lsn> AppendAsync<T>(
        this IWal wal,
        T value,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default)
        where T : notnull
    {
        PayloadBuffer payload = Serialize(wal, value, out ushort recordType);
        ValueTask<Lsn> append;
        try
        {
            append = wal.AppendAsync(payload.Written, recordType, durability, cancellationToken);
        }
        catch
        {
            payload.Return();
            throw;
        }

        if (!append.IsCompleted)
        {
            return ReturnAfterAsync(append, payload);
        }

        payload.Return();
        return append;
    }

    /// <summary>Appends one value as a transaction of its own, and blocks until it is as durable as asked
    /// for.</summary>
    /// <typeparam name="T">The type of the value, as it was registered: not a type derived from it.</typeparam>
    /// <param name="wal">The log; <see cref="IWal.RecordTypes"/> has the type.</param>
    /// <param name="value">The value.</param>
    /// <param name="durability">How far the record has got on return.</param>
    /// <returns>The LSN of the record.</returns>
    /// <inheritdoc cref="AppendAsync{T}"/>
    public static Lsn Append<T>(
        this IWal wal, T value, AppendDurability durability = AppendDurability.Default)
        where T : notnull
    {
        PayloadBuffer payload = Serialize(wal, value, out ushort recordType);
        try
        {
            return wal.Append(payload.Written.Span, recordType, durability);
        }
        finally
        {
            payload.Return();
        }
    }

    /// <summary>Adds a value to a batch, as one record.</summary>
    /// <typeparam name="T">The type of the value, as it was registered: not a type derived from it.</typeparam>
    /// <param name="batch">The batch.</param>
    /// <param name="value">The value; written into the batch before the method returns.</param>
    /// <param name="types">The <see cref="IWal.RecordTypes"/> of the log that the batch is for.</param>
    /// <remarks>What the serializer throws is thrown as it is; the batch is then as it was before the call.</remarks>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not registered, or the batch is
    /// full.</exception>
    /// <exception cref="ObjectDisposedException">The batch is disposed of.</exception>
    public static void Add<T>(this WalBatch batch, T value, WalRecordTypes types)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(batch);
        ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(types);
        KnownType<T> type = types.Of<T>();
        IBufferWriter<byte> target = batch.GetWriter(type.Number);
        try
        {
            type.Write(value, target);
        }
        catch
        {
            batch.DropOpenEntry();
            throw;
        }
    }

    private static PayloadBuffer Serialize<T>(IWal wal, T value, out ushort recordType)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(wal);
        ThrowIfNull(value);
        KnownType<T> type = wal.RecordTypes.Of<T>();
        recordType = type.Number;
        PayloadBuffer payload = PayloadBuffer.Rent();
        try
        {
            type.Write(value, payload);
            return payload;
        }
        catch
        {
            payload.Return();
            throw;
        }
    }

    // WHY NOT ArgumentNullException.ThrowIfNull: it takes an object, and a value type would be boxed for it.
    private static void ThrowIfNull<T>(T value)
    {
        if (value is null)
        {
            throw new ArgumentNullException(nameof(value));
        }
    }

    // INVARIANT: an append that waits for room reads the payload later, so the buffer goes back only when the task has
    // ended, however it ended.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Lsn> ReturnAfterAsync(ValueTask<Lsn> append, PayloadBuffer payload)
    {
        try
        {
            return await append.ConfigureAwait(false);
        }
        finally
        {
            payload.Return();
        }
    }
}
