namespace LoraWal;

/// <summary>Someone who still needs records: truncation deletes none above this LSN.</summary>
public readonly record struct TruncationHold
{
    /// <summary>Creates a hold.</summary>
    /// <param name="holder">Who needs the records.</param>
    /// <param name="lsn">Up to here the holder needs nothing any more.</param>
    public TruncationHold(string holder, Lsn lsn)
    {
        Holder = holder;
        Lsn = lsn;
    }

    /// <summary>Who needs the records: "cursor forwarder", say.</summary>
    public string Holder { get; }

    /// <summary>Up to here the holder needs nothing any more. <see cref="Lsn.None"/>: it may need every
    /// record.</summary>
    public Lsn Lsn { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Holder} at LSN {Lsn}";
}
