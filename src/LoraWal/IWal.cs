namespace LoraWal;

/// <summary>A write-ahead log: append facts before acting on them, read every one back after a crash.</summary>
/// <remarks>
/// A commit of one or many records is replayed whole or not at all, in LSN order. The first failed sync, and the
/// first write that leaves a file in doubt, closes the log for writing for good (it is <i>poisoned</i>): every later
/// append and sync throws <see cref="WalPoisonedException"/> with the first cause, reads go on, and only opening the
/// log again clears it.
/// </remarks>
/// <threadsafety>All members may be used by any number of threads at once.</threadsafety>
public interface IWal
{
    /// <summary>The name given in <see cref="WalOptions.Name"/>.</summary>
    string Name { get; }

    /// <summary>A snapshot of the log's state. Takes no lock and does no I/O.</summary>
    WalStatus Status { get; }

    /// <summary>Cancelled once, when the log is poisoned. Why is in <see cref="WalStatus.Fault"/>.</summary>
    CancellationToken Poisoned { get; }

    /// <summary>The record types whose values can be appended and read; see
    /// <see cref="WalOptions.RecordTypes"/>.</summary>
    WalRecordTypes RecordTypes { get; }

    /// <summary>Appends one record as a transaction of its own.</summary>
    /// <param name="payload">
    /// The bytes to log; may be empty. They must not change until the returned task completes: an append that has to
    /// wait for room reads them later.
    /// </param>
    /// <param name="recordType">The application's own number for the kind of record.</param>
    /// <param name="durability">How far the record has got when the task completes.</param>
    /// <param name="cancellationToken">Stops the wait, never the write. See remarks.</param>
    /// <returns>The LSN of the record.</returns>
    /// <remarks>
    /// <para><b>Durability.</b> As asked for by <paramref name="durability"/>; the record is never replayed in
    /// part.</para>
    /// <para><b>Cancellation.</b> Before the record has an LSN (while it waits for room) a cancelled append writes
    /// nothing and throws <see cref="OperationCanceledException"/>. After that the outcome is open: the wait ends with
    /// <see cref="WalWaitCanceledException"/>, and the record may or may not be in the log.</para>
    /// <para><b>Threads.</b> An append that finds no other one under way does the system calls of its batch, the sync
    /// included, on its caller's thread before it returns the task. One that only has to be written, and finds a write
    /// under way, waits some microseconds for it first, and may lead then.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The payload is over <see cref="WalOptions.MaxTransactionBytes"/>, or can
    /// never fit below <see cref="WalOptions.MaxLogBytes"/>. Nothing was appended.</exception>
    /// <exception cref="WalFullException">No space is left for the next segment. Nothing was appended.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned;
    /// <see cref="WalPoisonedException.OutcomeUnknown"/> says whether this record may be in it.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed. Nothing was appended.</exception>
    ValueTask<Lsn> AppendAsync(
        ReadOnlyMemory<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default);

    /// <summary>Appends one record as a transaction of its own, and blocks until it is as durable as asked
    /// for.</summary>
    /// <param name="payload">The bytes to log; may be empty. They may be reused when the method returns.</param>
    /// <param name="recordType">The application's own number for the kind of record.</param>
    /// <param name="durability">How far the record has got on return.</param>
    /// <returns>The LSN of the record.</returns>
    /// <remarks><b>Durability.</b> As asked for by <paramref name="durability"/>.</remarks>
    /// <exception cref="ArgumentException">The payload is over <see cref="WalOptions.MaxTransactionBytes"/>, or can
    /// never fit below <see cref="WalOptions.MaxLogBytes"/>. Nothing was appended.</exception>
    /// <exception cref="WalFullException">No space is left for the next segment. Nothing was appended.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned;
    /// <see cref="WalPoisonedException.OutcomeUnknown"/> says whether this record may be in it.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed. Nothing was appended.</exception>
    Lsn Append(
        ReadOnlySpan<byte> payload,
        ushort recordType = 0,
        AppendDurability durability = AppendDurability.Default);

    /// <summary>Appends all records of a batch as one transaction.</summary>
    /// <param name="batch">
    /// The records. It must not change, nor be disposed of, until the returned task completes; it is not cleared.
    /// </param>
    /// <param name="durability">How far the transaction has got when the task completes.</param>
    /// <param name="cancellationToken">Stops the wait, never the write; see
    /// <see cref="AppendAsync"/>.</param>
    /// <returns>The LSN of the last record; <see cref="Lsn.None"/> for an empty batch, which writes nothing.</returns>
    /// <remarks><b>Durability.</b> As asked for by <paramref name="durability"/>; the transaction is replayed whole or
    /// not at all.</remarks>
    /// <exception cref="ArgumentException">The batch is over <see cref="WalOptions.MaxTransactionBytes"/>, or can never
    /// fit below <see cref="WalOptions.MaxLogBytes"/>. Nothing was appended.</exception>
    /// <exception cref="WalFullException">No space is left for the next segment. Nothing was appended.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned;
    /// <see cref="WalPoisonedException.OutcomeUnknown"/> says whether the transaction may be in it.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed. Nothing was appended.</exception>
    ValueTask<Lsn> CommitAsync(
        WalBatch batch,
        AppendDurability durability = AppendDurability.Default,
        CancellationToken cancellationToken = default);

    /// <summary>Writes what is buffered and syncs now.</summary>
    /// <param name="cancellationToken">Stops the wait, not the sync.</param>
    /// <returns>The durable LSN: at least that of every record appended before the call.</returns>
    /// <remarks><b>Durability.</b> When the task completes, everything appended before the call survives a power
    /// cut. A call that finds no other sync under way does it on its caller's thread.</remarks>
    /// <exception cref="WalFullException">Buffered records were dropped, now or since the last call, because no space
    /// was left for the next segment; the message names their LSNs.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    ValueTask<Lsn> SyncAsync(CancellationToken cancellationToken = default);

    /// <summary>Waits until a record is durable; syncs if no one else is about to.</summary>
    /// <param name="lsn">The record's LSN. <see cref="Lsn.None"/> is always durable.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <remarks>
    /// <para><b>Durability.</b> When the task completes, the record and all before it survive a power cut.</para>
    /// <para>Under <see cref="SyncMode.GroupSync"/> the wait is for the group flusher's next sync; under the other
    /// modes the call syncs.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="lsn"/> is above everything ever
    /// appended.</exception>
    /// <exception cref="WalFullException">Records with this LSN, or before it, were buffered and then dropped for lack
    /// of space. For those before it, one call is told.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned and the record was not durable before: its outcome
    /// is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    ValueTask WaitForDurableAsync(Lsn lsn, CancellationToken cancellationToken = default);

    /// <summary>Reads committed transactions in LSN order, also beside a live writer.</summary>
    /// <param name="options">Where to begin and end, and whether to wait for more.</param>
    /// <param name="cancellationToken">Ends the enumeration with
    /// <see cref="OperationCanceledException"/>.</param>
    /// <returns>Whole transactions. Each enumeration is independent and reads in chunks, whatever the log's
    /// size.</returns>
    /// <exception cref="WalTruncatedException">Records above <see cref="WalReadOptions.After"/> have been truncated
    /// away.</exception>
    /// <exception cref="WalCorruptException">Bytes that must be a valid frame are not. Nothing is skipped.</exception>
    /// <exception cref="WalPoisonedException">A following reader has seen everything durable of a poisoned
    /// log.</exception>
    IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, CancellationToken cancellationToken = default);

    /// <summary>Records durably that the application's snapshot covers everything up to an LSN.</summary>
    /// <param name="fence">The snapshot's LSN. A fence below an earlier one leaves the earlier one in force.</param>
    /// <param name="cancellationToken">Stops the wait, never the write.</param>
    /// <remarks><b>Durability.</b> When the task completes, the marker and every record at or below the fence survive
    /// a power cut. It consumes no LSN. The next open reports it as
    /// <see cref="RecoveryReport.CheckpointLsn"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fence"/> is above what is written.</exception>
    /// <exception cref="WalFullException">The marker needs a new segment and no space is left for it.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    ValueTask CheckpointAsync(Lsn fence, CancellationToken cancellationToken = default);

    /// <summary>Deletes whole sealed segments whose every record is at or below an LSN, and that nobody holds. The
    /// active one stays.</summary>
    /// <param name="fence">Everything at or below it may go; it must be durable.</param>
    /// <param name="cancellationToken">Stops the wait before the first deletion.</param>
    /// <returns>What was deleted, what could not be and stays until the next call, and who held back the
    /// rest.</returns>
    /// <remarks><b>Durability.</b> The new floor is durable before the first file is deleted, so a crash in between
    /// leaves a log that opens.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fence"/> is above the durable LSN.</exception>
    /// <exception cref="WalFullException">The marker needs a new segment and no space is left for it; room for 16 such
    /// markers is kept in every segment. Nothing was deleted.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned. Nothing was deleted.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    ValueTask<TruncateResult> TruncateAsync(Lsn fence, CancellationToken cancellationToken = default);

    /// <summary>Opens a cursor: a named place in the log, kept durably beside it. One that does not exist is
    /// made.</summary>
    /// <param name="name">1 to 64 of a-z, 0-9 and '-'.</param>
    /// <param name="options">Where a new one begins, and what to do with a damaged one. Default: at the oldest record;
    /// refuse.</param>
    /// <param name="cancellationToken">Stops the call before it begins.</param>
    /// <returns>The cursor. Dispose of it to let the name be opened again.</returns>
    /// <remarks><b>Durability.</b> When the task completes, a new cursor survives a power cut: from then on, and after
    /// every open, truncation keeps what it has not acknowledged.</remarks>
    /// <exception cref="ArgumentException">The name or an option is not allowed.</exception>
    /// <exception cref="InvalidOperationException">A cursor of that name is open already.</exception>
    /// <exception cref="WalCursorException">Its file is damaged, of another log, of a later version, or ahead of the
    /// log. The message names the way out.</exception>
    /// <exception cref="WalTruncatedException">The records after its position have been truncated away. Drop it and
    /// open it anew.</exception>
    /// <exception cref="IOException">The file of a new cursor could not be written.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned, and the cursor is new.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    ValueTask<WalCursor> OpenCursorAsync(
        string name, WalCursorOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes a cursor that is not open, whatever state its file is in, and lets truncation have what it held
    /// back.</summary>
    /// <param name="name">1 to 64 of a-z, 0-9 and '-'.</param>
    /// <param name="cancellationToken">Stops the wait, never the deletion.</param>
    /// <returns>Whether there was one.</returns>
    /// <remarks><b>Durability.</b> When the task completes, the deletion survives a power cut.</remarks>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    /// <exception cref="InvalidOperationException">The cursor is open.</exception>
    /// <exception cref="IOException">The file could not be deleted; the cursor stays.</exception>
    /// <exception cref="WalPoisonedException">The log is poisoned.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    ValueTask<bool> DropCursorAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>All cursors of the log, opened or not, by name. From memory: does no I/O.</summary>
    IReadOnlyList<WalCursorInfo> ListCursors();
}
