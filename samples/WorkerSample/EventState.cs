using LoraWal;

namespace WorkerSample;

/// <summary>What the service knows: how many events, of which types, up to where in the log.</summary>
/// <remarks>
/// Fed from the log and from nothing else, by replay at the start and by <see cref="StateFollower"/> from then on. A
/// request never counts its own events: two requests may finish in another order than their transactions lie in the
/// log, and only the log's order comes back after a crash.
/// </remarks>
internal sealed class EventState : IReplayTarget
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _byType = new(StringComparer.Ordinal);
    private TaskCompletionSource _advanced = NewSignal();
    private long _events;
    private Lsn _lastLsn;
    private bool _ended;

    public Lsn LastLsn
    {
        get
        {
            lock (_gate)
            {
                return _lastLsn;
            }
        }
    }

    // No snapshot: the whole state is in the log. A service with a larger one stores it with its LSN, returns that
    // LSN here, and truncates the log up to it.
    public ValueTask<Lsn> LoadAsync(CancellationToken cancellationToken) => new(Lsn.None);

    public ValueTask ApplyAsync(WalTransaction transaction, CancellationToken cancellationToken)
    {
        Apply(transaction);
        return ValueTask.CompletedTask;
    }

    public void Apply(WalTransaction transaction)
    {
        TaskCompletionSource advanced;
        lock (_gate)
        {
            foreach (WalRecord record in transaction)
            {
                string type = EventJson.TryGetType(record.Payload.Span, out string? found)
                    ? found
                    : throw new InvalidDataException($"The record at LSN {record.Lsn} is not an event.");
                _byType[type] = _byType.GetValueOrDefault(type) + 1;
                _events++;
            }

            _lastLsn = transaction.LastLsn;
            advanced = _advanced;
            _advanced = NewSignal();
        }

        advanced.SetResult();
    }

    /// <summary>Nothing more will be applied: nobody needs to wait.</summary>
    public void End()
    {
        TaskCompletionSource advanced;
        lock (_gate)
        {
            _ended = true;
            advanced = _advanced;
        }

        advanced.TrySetResult();
    }

    /// <summary>Waits until the state covers an LSN, or until it is known that it never will.</summary>
    public async Task WaitForAsync(Lsn lsn, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task advanced;
            lock (_gate)
            {
                if (_lastLsn >= lsn || _ended)
                {
                    return;
                }

                advanced = _advanced.Task;
            }

            await advanced.WaitAsync(cancellationToken);
        }
    }

    public StateReport Snapshot()
    {
        lock (_gate)
        {
            return new StateReport(_events, new(_byType, StringComparer.Ordinal), _lastLsn.Value);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
