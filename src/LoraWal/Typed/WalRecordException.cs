namespace LoraWal;

/// <summary>The payload of a record is not of the shape that its record type asks for.</summary>
/// <remarks>The log is sound: the bytes are what was appended. Register a serializer that understands them, or treat
/// this one record apart: the raw record is still there.</remarks>
public sealed class WalRecordException : WalException
{
    internal WalRecordException(in WalRecord record, string typeName, string why, Exception? innerException)
        : base(
            $"The record at LSN {record.Lsn} has record type {record.RecordType}, but its payload of "
            + $"{record.Payload.Length} bytes cannot be read as {typeName}: {why} Let its serializer read the older "
            + "shape, too, or handle the raw record.",
            innerException)
    {
        Lsn = record.Lsn;
        RecordType = record.RecordType;
        TypeName = typeName;
    }

    /// <summary>The record's position.</summary>
    public Lsn Lsn { get; }

    /// <summary>The record's own number for its kind.</summary>
    public ushort RecordType { get; }

    /// <summary>Name of the type in the code that the payload cannot be read as.</summary>
    public string TypeName { get; }
}
