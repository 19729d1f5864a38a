using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using LoraWal.Benchmarks.Workloads;

namespace LoraWal.Benchmarks.Micro;

/// <summary>One append of one caller under each sync mode, and in memory alone, with what it allocates.</summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "The cleanup disposes of them.")]
public class AppendBenchmarks
{
    private const int PayloadBytes = 100;
    private readonly byte[] _payload = Payload.Of(PayloadBytes);
    private WorkDirectory? _directory;
    private Wal? _wal;

    /// <summary>The log's mode.</summary>
    [Params(SyncMode.None, SyncMode.GroupSync, SyncMode.PerCommit)]
    public SyncMode Mode { get; set; }

    /// <summary>Opens a log.</summary>
    [GlobalSetup]
    public async Task OpenAsync()
    {
        _directory = new WorkDirectory(null);
        var options = new WalOptions { Directory = _directory.Path, SyncMode = Mode };
        _wal = await Wal.OpenAsync(options).ConfigureAwait(false);
    }

    /// <summary>Closes and deletes it.</summary>
    [GlobalCleanup]
    public async Task CloseAsync()
    {
        await _wal!.DisposeAsync().ConfigureAwait(false);
        _directory!.Dispose();
    }

    /// <summary>To the mode's own durability, blocking.</summary>
    [Benchmark]
    public Lsn Append() => _wal!.Append(_payload);

    /// <summary>To the mode's own durability.</summary>
    [Benchmark]
    public ValueTask<Lsn> AppendAsync() => _wal!.AppendAsync(_payload);

    /// <summary>In memory.</summary>
    [Benchmark]
    public Lsn Buffered() => _wal!.Append(_payload, 0, AppendDurability.Buffered);
}
