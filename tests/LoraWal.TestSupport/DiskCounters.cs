namespace LoraWal.TestSupport;

/// <summary>What has been done on a simulated disk: numbers, a trace, and signals to await.</summary>
/// <threadsafety>Safe for use by several threads.</threadsafety>
internal sealed class DiskCounters
{
    private readonly Lock _lock;
    private static readonly int Kinds = Enum.GetValues<DiskOperationKind>().Length;

    private readonly long[] _completed = new long[Kinds];
    private readonly Dictionary<string, int> _syncs = new(StringComparer.Ordinal);
    private readonly List<DiskOperation> _trace = [];
    private readonly List<(DiskOperationKind Kind, long Count, TaskCompletionSource Signal)> _waiters = [];

    internal DiskCounters(Lock diskLock) => _lock = diskLock;

    /// <summary>Whether <see cref="Trace"/> is kept. Default: no.</summary>
    public bool KeepsTrace { get; set; }

    /// <summary>Called after each successful call, under the disk's lock.</summary>
    public Action<DiskOperation>? Completed { get; set; }

    /// <summary>Calls begun, failed ones included: the index of the next one.</summary>
    public long OperationCount { get; internal set; }

    /// <summary>Successful writes.</summary>
    public long Writes => CountOf(DiskOperationKind.Write);

    /// <summary>Bytes written.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Successful syncs of files.</summary>
    public long Syncs => CountOf(DiskOperationKind.Sync);

    /// <summary>Successful syncs of the directory.</summary>
    public long DirectorySyncs => CountOf(DiskOperationKind.SyncDirectory);

    /// <summary>Files open now.</summary>
    public int OpenFiles { get; internal set; }

    /// <summary>Every call begun, in order, when <see cref="KeepsTrace"/> was set.</summary>
    public IReadOnlyList<DiskOperation> Trace
    {
        get
        {
            lock (_lock)
            {
                return [.. _trace];
            }
        }
    }

    /// <summary>Successful calls of one kind.</summary>
    public long CountOf(DiskOperationKind kind)
    {
        lock (_lock)
        {
            return _completed[(int)kind];
        }
    }

    /// <summary>Successful syncs of the file that had this name then.</summary>
    public int SyncsOf(string name)
    {
        lock (_lock)
        {
            return _syncs.GetValueOrDefault(name);
        }
    }

    /// <summary>Completes once so many syncs of files have succeeded since the disk was made.</summary>
    public Task WaitForSyncAsync(long count) => WaitForAsync(DiskOperationKind.Sync, count);

    /// <summary>Completes once so many calls of one kind have succeeded since the disk was made.</summary>
    public Task WaitForAsync(DiskOperationKind kind, long count)
    {
        lock (_lock)
        {
            if (_completed[(int)kind] >= count)
            {
                return Task.CompletedTask;
            }

            TaskCompletionSource signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((kind, count, signal));
            return signal.Task;
        }
    }

    internal void BeginUnderLock(in DiskOperation operation)
    {
        OperationCount++;
        if (KeepsTrace)
        {
            _trace.Add(operation);
        }
    }

    internal void CompleteUnderLock(in DiskOperation operation, int bytes)
    {
        long count = ++_completed[(int)operation.Kind];
        if (operation.Kind == DiskOperationKind.Sync)
        {
            _syncs[operation.Name] = _syncs.GetValueOrDefault(operation.Name) + 1;
        }
        else if (operation.Kind == DiskOperationKind.Write)
        {
            BytesWritten += bytes;
        }

        Completed?.Invoke(operation);
        for (int at = _waiters.Count - 1; at >= 0; at--)
        {
            if (_waiters[at].Kind == operation.Kind && _waiters[at].Count <= count)
            {
                _waiters[at].Signal.TrySetResult();
                _waiters.RemoveAt(at);
            }
        }
    }
}
