using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>One piece of work that contenders do in turns.</summary>
internal interface IWorkload
{
    /// <summary>What <c>--only</c> selects, and what one table shows.</summary>
    string Group { get; }

    /// <summary>Short, stable, unique.</summary>
    string Id { get; }

    string Title { get; }

    int Rounds { get; }

    /// <summary>Whether the directory of the first round, made once, serves all.</summary>
    bool KeepsDirectory { get; }

    bool Takes(IContender contender);

    /// <summary>Makes what the rounds work on; measured values go with each round.</summary>
    Task<Dictionary<string, double>> PrepareAsync(IContender contender, string directory);

    Task<Dictionary<string, double>> RunAsync(IContender contender, string directory);
}
