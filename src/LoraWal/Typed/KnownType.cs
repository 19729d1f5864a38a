using System.Buffers;

namespace LoraWal.Typed;

/// <summary>One record type: its number in the log, and the type of its values in the code.</summary>
internal abstract class KnownType(ushort number, Type type)
{
    public ushort Number => number;

    public Type Type => type;

    /// <summary>For messages only: a name of the code never gets into the log.</summary>
    public string Name => type.ToString();
}

/// <summary>The same, with its serializer.</summary>
internal sealed class KnownType<T>(ushort number, IWalSerializer<T> serializer) : KnownType(number, typeof(T))
    where T : notnull
{
    public void Write(T value, IBufferWriter<byte> target) => serializer.Write(value, target);

    /// <exception cref="WalRecordException">The payload is of another shape.</exception>
    public T Read(in WalRecord record)
    {
        T value;
        try
        {
            value = serializer.Read(record.Payload.Span);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw new WalRecordException(record, Name, failure.Message, failure);
        }

        return value is null
            ? throw new WalRecordException(record, Name, "It stands for null.", null)
            : value;
    }
}
