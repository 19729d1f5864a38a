using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Reading;

/// <summary>Verbs for tests that look at a log from outside.</summary>
internal static class ReaderVerbs
{
    /// <summary>A reader in another process, on the same disk.</summary>
    public static WalReader Reader(this TestLog log) => new(log.CreateEnvironment());

    /// <summary>Everything a reader yields, one line for each record.</summary>
    public static List<string> Read(this WalReader reader, WalReadOptions options = default) =>
        LogVerbs.Describe(reader.ReadAsync(options).ToBlockingEnumerable());

    /// <summary>The last LSN that a reader yields; none without one.</summary>
    public static Lsn LastLsn(this WalReader reader, WalReadOptions options = default) =>
        reader.ReadAsync(options).ToBlockingEnumerable().LastOrDefault().LastLsn;
}
