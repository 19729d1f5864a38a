namespace LoraWal.Cursors;

/// <summary>One cursor of an open log. Guarded by the book's lock, but for the position.</summary>
internal sealed class CursorEntry(StoredCursor stored)
{
    private ulong _position = stored.File?.Position ?? 0;

    public string Name { get; } = stored.Name;

    /// <summary>What the disk has; null if that cannot be trusted.</summary>
    public CursorFile? File { get; private set; } = stored.File;

    public WalCursorException? Problem { get; private set; } = stored.Problem;

    public bool IsOpen { get; set; }

    /// <summary>The greatest LSN that a caller waits to have acknowledged.</summary>
    public ulong Wanted { get; set; }

    /// <summary>Whether it has been said that the cursor lags too far.</summary>
    public bool IsReported { get; set; }

    /// <summary>Up to here everything has been acknowledged, durably. May be read without the lock.</summary>
    public ulong Position => Volatile.Read(ref _position);

    /// <summary>Takes over what the disk has now.</summary>
    public void Update(CursorFile file)
    {
        File = file;
        Problem = null;
        Volatile.Write(ref _position, file.Position);
    }
}
