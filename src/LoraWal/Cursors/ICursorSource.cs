namespace LoraWal.Cursors;

/// <summary>What a cursor reads from and acknowledges to: an open log, or one that is switched off.</summary>
internal interface ICursorSource
{
    string Name { get; }

    /// <summary>Up to here everything has been acknowledged, durably.</summary>
    Lsn Position { get; }

    /// <summary>Bytes of the segments with records above the position.</summary>
    long LagBytes { get; }

    /// <summary>Follows what is durable.</summary>
    IAsyncEnumerable<WalTransaction> ReadAsync(Lsn after, CancellationToken cancellationToken);

    /// <summary>Stores a position above the present one.</summary>
    Task AcknowledgeAsync(Lsn lsn);

    /// <summary>Lets the name be opened again.</summary>
    void Release();
}
