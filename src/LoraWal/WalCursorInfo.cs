namespace LoraWal;

/// <summary>A cursor as it is now. See <see cref="IWal.ListCursors"/>.</summary>
public sealed record WalCursorInfo
{
    /// <summary>The cursor's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Up to here everything has been acknowledged; <see cref="Lsn.None"/> also when the file cannot be
    /// trusted.</summary>
    public Lsn Position { get; init; }

    /// <summary>Bytes of the segments with records above <see cref="Position"/>; of the active one, what has been
    /// written. An estimate: whole segments count, however little of them is left. 0: everything durable has been
    /// acknowledged.</summary>
    public long LagBytes { get; init; }

    /// <summary>The limit that the cursor was last opened with; 0: none.</summary>
    public long MaxLagBytes { get; init; }

    /// <summary>Whether it is open in this process.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Why it cannot be opened, and holds back all truncation; null if it can.</summary>
    public WalCursorException? Problem { get; init; }

    /// <summary>Whether it keeps more from truncation than it may.</summary>
    public bool IsOverLimit => MaxLagBytes > 0 && LagBytes > MaxLagBytes;
}
