namespace LoraWal.Simulation;

/// <summary>What the oracle knows about one transaction that was handed to the log.</summary>
internal enum Fate
{
    /// <summary>The call has not ended.</summary>
    InFlight,

    /// <summary>It may be there after the next crash, or not.</summary>
    Unknown,

    /// <summary>Acknowledged as buffered: as unknown, but a successful close or sync makes it durable.</summary>
    Buffered,

    /// <summary>Acknowledged as written: a kill must not take it.</summary>
    Written,

    /// <summary>Promised durable: nothing may take it but a truncation.</summary>
    Durable,

    /// <summary>Refused before a byte of it was written: it must never appear.</summary>
    Never,

    /// <summary>A crash or a truncation took it: it must never come back.</summary>
    Gone,
}

/// <summary>One transaction that was handed to the log: its records, and what became of it.</summary>
/// <param name="index">Place in the order of the calls, which is that of the LSNs.</param>
/// <param name="firstId">Number of its first record; each record has its number as its type.</param>
/// <param name="payloads">The records' bytes.</param>
/// <param name="begun">When it was handed to the log.</param>
internal sealed class Attempt(int index, int firstId, byte[][] payloads, DateTimeOffset begun)
{
    public DateTimeOffset Begun => begun;

    public int Index => index;

    public int FirstId => firstId;

    public byte[][] Payloads => payloads;

    /// <summary>About as many as it takes in the log.</summary>
    public int Bytes { get; } = payloads.Sum(payload => payload.Length + 32);

    public Fate Fate { get; set; }

    /// <summary>0 while it is not known.</summary>
    public ulong LastLsn { get; set; }

    public ulong FirstLsn => LastLsn - (ulong)payloads.Length + 1;

    public override string ToString() =>
        $"attempt {index} ({payloads.Length} records, {payloads.Sum(bytes => bytes.Length)} bytes, {Fate}"
        + (LastLsn == 0 ? ")" : $", LSN {FirstLsn}..{LastLsn})");
}

/// <summary>The log broke a promise.</summary>
public sealed class BrokenPromiseException(string message) : Exception(message);
