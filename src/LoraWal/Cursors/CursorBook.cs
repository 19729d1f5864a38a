using LoraWal.Diagnostics;
using LoraWal.Log;
using LoraWal.Storage;

namespace LoraWal.Cursors;

/// <summary>The cursors of one open log: every file in its directory, opened or not.</summary>
//
// INVARIANT: the hold of a cursor is never above the position that its file has durably. It is set before the log is
// handed out; it moves up after the file; it goes after the file has gone.
//
// ORDER of what is waited for: _disk before the log's control. Nothing waits under _lock.
internal sealed class CursorBook(LogCore core, LogControl control, IStorage storage, UInt128 logId)
{
    private readonly CursorStore _store = new(storage);
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, CursorEntry> _entries = new(StringComparer.Ordinal);

    // One change of cursor files at a time: closing waits for it, so that none reaches into the next owner's time.
    private readonly SemaphoreSlim _disk = new(1);
    private bool _isClosed;

    /// <summary>Takes over what the directory has, and sets the holds. Before the log is handed out.</summary>
    public void Load(IReadOnlyList<StoredCursor> all)
    {
        foreach (StoredCursor stored in all)
        {
            Enter(new CursorEntry(stored));
            if (stored.Problem is { } problem)
            {
                WalLog.CursorRefused(core.Logger, core.Name, stored.Name, problem);
            }
        }

        ReportLag();
    }

    /// <summary>Opens a cursor, and makes it if there is none.</summary>
    public async Task<WalCursor> OpenAsync(string name, WalCursorOptions options)
    {
        CursorEntry entry = await ChangeAloneAsync(() => Open(name, options)).ConfigureAwait(false);
        ReportLag();
        return new WalCursor(new Source(this, entry));
    }

    /// <summary>Deletes a cursor, durably, and frees what it held back.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> DropAsync(string name) => ChangeAloneAsync(() =>
    {
        bool isKnown = FindClosed(name) is not null;
        core.ThrowIfPoisoned(outcomeUnknown: false);
        bool isGone = true;
        control.Files.ChangeNames(() =>
        {
            isGone = _store.Delete(name) || isKnown;
            if (isGone)
            {
                SyncDirectory();
            }
        });
        if (!isGone)
        {
            return false;
        }

        lock (_lock)
        {
            _entries.Remove(name);
        }

        core.Holds.Remove(CursorName.HolderOf(name));
        WalLog.CursorDropped(core.Logger, core.Name, name);
        return true;
    });

    /// <summary>All cursors, by name.</summary>
    public IReadOnlyList<WalCursorInfo> List()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(entry => new WalCursorInfo
            {
                Name = entry.Name,
                Position = new Lsn(entry.Position),
                LagBytes = core.LagBytes(entry.Position),
                MaxLagBytes = entry.File?.MaxLagBytes ?? 0,
                IsOpen = entry.IsOpen,
                Problem = entry.Problem,
            })];
        }
    }

    /// <summary>Tells of each cursor once when it comes to hold back more than it may.</summary>
    public void ReportLag()
    {
        foreach (WalCursorInfo cursor in List())
        {
            bool isNew;
            lock (_lock)
            {
                isNew = _entries.TryGetValue(cursor.Name, out CursorEntry? entry)
                    && cursor.IsOverLimit && !entry.IsReported;
                if (entry is not null)
                {
                    entry.IsReported = cursor.IsOverLimit;
                }
            }

            if (isNew)
            {
                WalLog.CursorLags(
                    core.Logger, core.Name, cursor.Name, cursor.Position, cursor.LagBytes, cursor.MaxLagBytes);
            }
        }
    }

    /// <summary>Waits for a change under way; later ones are refused.</summary>
    public async Task CloseAsync()
    {
        await _disk.WaitAsync().ConfigureAwait(false);
        _isClosed = true;
        _disk.Release();
    }

    private CursorEntry Open(string name, WalCursorOptions options)
    {
        CursorEntry entry = FindClosed(name) switch
        {
            null => Begin(name, options, options.StartAt == WalCursorStart.Newest),
            { Problem: not null } => Mend(name, options),
            { } known => Resume(known, options),
        };
        lock (_lock)
        {
            entry.IsOpen = true;
        }

        return entry;
    }

    private CursorEntry Resume(CursorEntry entry, WalCursorOptions options)
    {
        SegmentCatalog.Summary now = core.Catalog.Now;
        if (entry.Position < now.BeforeOldestLsn)
        {
            throw new WalTruncatedException(new Lsn(entry.Position), new Lsn(now.OldestLsn));
        }

        if (entry.File!.MaxLagBytes != options.MaxLagBytes)
        {
            entry.Update(entry.File with { MaxLagBytes = options.MaxLagBytes });
            TrySave(entry);
        }

        return entry;
    }

    // The limit is no promise: a full disk, or a poisoned log, must not keep anyone from reading.
    private void TrySave(CursorEntry entry)
    {
        try
        {
            Save(entry, entry.File!);
        }
        catch (IOException)
        {
            // The next acknowledgement stores it.
        }
    }

    // What was refused when the log was opened is read once more: the disk may have been mended since.
    private CursorEntry Mend(string name, WalCursorOptions options)
    {
        StoredCursor? stored = _store.Read(name, logId, core.State.DurableLsn);
        if (stored is null)
        {
            return Begin(name, options, options.StartAt == WalCursorStart.Newest);
        }

        if (stored.Problem is not { } problem)
        {
            return Resume(Enter(new CursorEntry(stored)), options);
        }

        if (options.OnDamaged == WalCursorRepair.Refuse || !problem.MayBeReset)
        {
            throw problem;
        }

        CursorEntry entry = Begin(name, options, options.OnDamaged == WalCursorRepair.ResetToNewest);
        WalLog.CursorReset(core.Logger, core.Name, name, new Lsn(entry.Position));
        return entry;
    }

    private CursorEntry Begin(string name, WalCursorOptions options, bool atNewest)
    {
        ulong position = atNewest ? core.State.DurableLsn : core.Catalog.Now.BeforeOldestLsn;
        var file = new CursorFile
        {
            Generation = core.Environment.Generation,
            LogId = logId,
            Sequence = 0,
            Position = position,
            Updated = 0,
            MaxLagBytes = options.MaxLagBytes,
            Name = name,
        };
        var entry = new CursorEntry(new StoredCursor(name, file, null));
        Save(entry, file);
        Enter(entry);
        WalLog.CursorCreated(core.Logger, core.Name, name, new Lsn(position));
        return entry;
    }

    private CursorEntry Enter(CursorEntry entry)
    {
        core.Holds.Set(CursorName.HolderOf(entry.Name), entry.Position);
        lock (_lock)
        {
            _entries[entry.Name] = entry;
        }

        return entry;
    }

    private async Task AcknowledgeAsync(CursorEntry entry, ulong lsn)
    {
        lock (_lock)
        {
            entry.Wanted = Math.Max(entry.Wanted, lsn);
        }

        await ChangeAsync(() => Background.RunAsync(core.Environment.Work, "lorawal-cursor", () =>
        {
            Acknowledge(entry, lsn);
            return true;
        })).ConfigureAwait(false);
        ReportLag();
    }

    // Whoever comes first stores what everybody waits for; the others find it done.
    private void Acknowledge(CursorEntry entry, ulong lsn)
    {
        if (entry.Position >= lsn)
        {
            return;
        }

        ulong wanted;
        lock (_lock)
        {
            wanted = Math.Max(entry.Wanted, lsn);
        }

        try
        {
            Save(entry, entry.File! with { Position = wanted });
        }
        catch (Exception failure)
        {
            lock (_lock)
            {
                // What has failed is not asked for any more: a later call for less must not bring it back.
                entry.Wanted = entry.Position;
            }

            WalLog.AcknowledgeFailed(core.Logger, core.Name, entry.Name, new Lsn(wanted), failure);
            throw;
        }
    }

    private void Save(CursorEntry entry, CursorFile next)
    {
        core.ThrowIfPoisoned(outcomeUnknown: false);
        CursorFile file = next with
        {
            Generation = core.Environment.Generation,
            Sequence = next.Sequence + 1,
            Updated = core.Environment.Time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        control.Files.ChangeNames(() =>
        {
            _store.Replace(file);
            SyncDirectory();
        });

        // ORDER: only now is the position durable, and may records at or below it go.
        entry.Update(file);
        core.Holds.Set(CursorName.HolderOf(entry.Name), file.Position);
    }

    // The directory is the log's own: a failure to sync it may hide one that a new segment's name depends on, for the
    // kernel reports an error once. So this poisons, where a cursor's file does not.
    private void SyncDirectory()
    {
        try
        {
            _store.SyncDirectory();
        }
        catch (StorageException failure) when (failure is not { Call: "open", IsShortage: true })
        {
            core.Poison($"fsync failed: {failure.Message}", failure);
            core.ThrowIfPoisoned(outcomeUnknown: true);
        }
    }

    private Task<T> ChangeAloneAsync<T>(Func<T> work) => ChangeAsync(() => control.AloneAsync(work));

    private async Task<T> ChangeAsync<T>(Func<Task<T>> change)
    {
        await _disk.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isClosed)
            {
                throw LogWriter.Closed();
            }

            return await change().ConfigureAwait(false);
        }
        finally
        {
            _disk.Release();
        }
    }

    private CursorEntry? FindClosed(string name)
    {
        lock (_lock)
        {
            return !_entries.TryGetValue(name, out CursorEntry? entry) ? null
                : !entry.IsOpen ? entry
                : throw new InvalidOperationException(
                    $"The cursor '{name}' of the log '{core.Name}' is open already. Two readers of one cursor would "
                    + "each miss what the other acknowledges: dispose of it first, or use another name.");
        }
    }

    /// <summary>One open cursor.</summary>
    private sealed class Source(CursorBook book, CursorEntry entry) : ICursorSource
    {
        public string Name => entry.Name;

        public Lsn Position => new(entry.Position);

        public long LagBytes => book.LagOf(entry);

        public IAsyncEnumerable<WalTransaction> ReadAsync(Lsn after, CancellationToken cancellationToken) =>
            book.ReadAsync(after, cancellationToken);

        public Task AcknowledgeAsync(Lsn lsn) => book.AcknowledgeAsync(entry, lsn.Value);

        public void Release()
        {
            lock (book._lock)
            {
                entry.IsOpen = false;
            }
        }
    }

    private long LagOf(CursorEntry entry) => core.LagBytes(entry.Position);

    private IAsyncEnumerable<WalTransaction> ReadAsync(Lsn after, CancellationToken cancellationToken) =>
        core.Edges().IsClosed
            ? throw LogWriter.Closed()
            : new LogReader(core, storage).ReadAsync(
                new WalReadOptions(After: after, Follow: true), cancellationToken);
}
