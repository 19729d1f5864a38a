namespace LoraWal.Benchmarks.Peers;

/// <summary>What a completed append survives. Only logs driven to the same promise are compared.</summary>
internal enum Promise
{
    /// <summary>A power cut: the append has waited for an fsync.</summary>
    Durable,

    /// <summary>A <c>kill -9</c>: the operating system has it; an fsync follows in the background.</summary>
    Written,

    /// <summary>Nothing yet: it lies in the log's own memory; an fsync follows in the background.</summary>
    Buffered,
}
