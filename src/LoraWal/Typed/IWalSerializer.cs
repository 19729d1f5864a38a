using System.Buffers;

namespace LoraWal;

/// <summary>Turns the values of one record type into bytes and back. Register it with
/// <see cref="WalRecordTypes.Add{T}"/>.</summary>
/// <typeparam name="T">The values.</typeparam>
/// <remarks>What was ever written must be readable for as long as the log keeps it: add to a shape, never take away,
/// or give the new shape a number of its own.</remarks>
/// <threadsafety>An implementation is used by any number of threads at once.</threadsafety>
public interface IWalSerializer<T>
    where T : notnull
{
    /// <summary>Writes a value. What it throws goes to the caller of the append, and nothing is appended.</summary>
    /// <param name="value">The value.</param>
    /// <param name="target">Takes the bytes. Not to be kept: its memory is used again.</param>
    void Write(T value, IBufferWriter<byte> target);

    /// <summary>Reads a value back. What it throws becomes the cause of a <see cref="WalRecordException"/>.</summary>
    /// <param name="payload">The whole payload of a record, which may be damaged by a writer's mistake, or of another
    /// shape.</param>
    /// <returns>The value; null is refused as of the wrong shape.</returns>
    T Read(ReadOnlySpan<byte> payload);
}
