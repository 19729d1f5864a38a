using LoraWal.Typed;

namespace LoraWal;

/// <summary>Hands every record to what handles its type, as a value; what has no handler, to one that must be named
/// when the dispatcher is made, raw. So none is lost by an oversight.</summary>
/// <example><code>
/// var dispatcher = new WalRecordDispatcher(wal.RecordTypes, record => unknown.Add(record))
///     .On&lt;OrderPlaced&gt;((order, record) => orders.Add(order.Id, record.Lsn))
///     .On&lt;OrderPaid&gt;((paid, record) => orders.Remove(paid.Id));
/// await foreach (WalTransaction transaction in wal.ReadAsync())
///     dispatcher.Dispatch(transaction);
/// </code></example>
/// <threadsafety>Add all handlers first, on one thread. After that any number of threads may dispatch; the handlers run
/// on theirs.</threadsafety>
public sealed class WalRecordDispatcher
{
    private readonly WalRecordTypes _types;
    private readonly Action<WalRecord> _other;
    private readonly Dictionary<ushort, Handler> _handlers = [];

    /// <summary>Creates a dispatcher that hands every record to <paramref name="other"/>.</summary>
    /// <param name="types">The record types.</param>
    /// <param name="other">Gets the raw records whose number is not registered, or has no handler here.</param>
    public WalRecordDispatcher(WalRecordTypes types, Action<WalRecord> other)
    {
        ArgumentNullException.ThrowIfNull(types);
        ArgumentNullException.ThrowIfNull(other);
        _types = types;
        _other = other;
    }

    /// <summary>Handles the records of a type.</summary>
    /// <typeparam name="T">The type of values.</typeparam>
    /// <param name="handler">Gets the value, and the record for its LSN. What it throws, <see cref="Dispatch(in
    /// WalRecord)"/> throws.</param>
    /// <returns>This dispatcher.</returns>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not registered.</exception>
    /// <exception cref="ArgumentException">It has a handler already.</exception>
    public WalRecordDispatcher On<T>(Action<T, WalRecord> handler)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        KnownType<T> type = _types.Of<T>();
        if (!_handlers.TryAdd(type.Number, new Handler<T>(type, handler)))
        {
            throw new ArgumentException($"{type.Name} (record type {type.Number}) has a handler.", nameof(handler));
        }

        return this;
    }

    /// <summary>Hands one record to its handler.</summary>
    /// <param name="record">The record.</param>
    /// <exception cref="WalRecordException">Its payload is not of the shape of its type.</exception>
    public void Dispatch(in WalRecord record)
    {
        if (_handlers.TryGetValue(record.RecordType, out Handler? handler))
        {
            handler.Handle(record);
        }
        else
        {
            _other(record);
        }
    }

    /// <summary>Hands the records of a transaction to their handlers, in order.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <exception cref="WalRecordException">A payload is not of the shape of its type; the records before it have been
    /// handled.</exception>
    public void Dispatch(WalTransaction transaction)
    {
        foreach (WalRecord record in transaction)
        {
            Dispatch(record);
        }
    }

    private abstract class Handler
    {
        public abstract void Handle(in WalRecord record);
    }

    private sealed class Handler<T>(KnownType<T> type, Action<T, WalRecord> handle) : Handler
        where T : notnull
    {
        public override void Handle(in WalRecord record) => handle(type.Read(record), record);
    }
}
