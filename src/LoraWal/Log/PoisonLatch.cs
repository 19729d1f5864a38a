namespace LoraWal.Log;

/// <summary>One-way switch that closes the log for writing after the first durability failure.</summary>
/// <remarks>
/// After a failed sync the kernel may mark the dirty pages clean and report success on the next call, so a retry can
/// claim durability for bytes that are gone. The log therefore never retries: the first fault wins, is kept verbatim,
/// and only opening the log again (which writes anew what is not proven) clears it.
/// </remarks>
internal sealed class PoisonLatch
{
    private readonly CancellationTokenSource _closed = new();
    private volatile WalFault? _fault;

    /// <summary>The first fault; null while the latch is open.</summary>
    public WalFault? Fault => _fault;

    /// <summary>Cancelled once, by <see cref="Announce"/>.</summary>
    public CancellationToken Token => _closed.Token;

    /// <summary>Closes the latch, unless it is closed. The caller holds the log's lock.</summary>
    /// <returns>Whether this fault was the first.</returns>
    public bool TryClose(WalFault fault)
    {
        if (_fault is not null)
        {
            return false;
        }

        _fault = fault;
        return true;
    }

    /// <summary>Tells the token's listeners, on threads of their own: they are not ours, and may block.</summary>
    public void Announce() => _ = _closed.CancelAsync();
}
