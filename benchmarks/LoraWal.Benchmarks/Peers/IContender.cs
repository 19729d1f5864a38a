namespace LoraWal.Benchmarks.Peers;

/// <summary>A log or a store that can do (some of) the work.</summary>
internal interface IContender
{
    string Name { get; }

    /// <summary>How it is driven, and what its promise is worth: a row of the page.</summary>
    ContenderFacts Facts { get; }

    bool Keeps(Promise promise);

    /// <summary>Opens the log in a directory of its own; returns when it takes appends.</summary>
    ILog Open(string directory, Promise promise);
}

/// <summary>What the page says about a contender.</summary>
internal sealed record ContenderFacts(string Version, string Setting, string Checksums, string FailedSync);

/// <summary>An open log. Appends come from any number of threads.</summary>
internal interface ILog : IDisposable
{
    /// <summary>Returns when the promise holds.</summary>
    void Append(byte[] payload);

    /// <summary>Completes when the promise holds.</summary>
    ValueTask<Lsn> AppendAsync(byte[] payload);

    /// <summary>The payload so many times in one transaction, or where there is none, behind one sync.</summary>
    void AppendMany(byte[] payload, int count);

    /// <summary>Reads the log from its first record and looks at each: the count, and the sum of lengths and first
    /// bytes.</summary>
    (long Records, long Sum) Replay(long most);
}
