namespace LoraWal.Log;

/// <summary>What a pass over the log came to.</summary>
internal enum PassStatus
{
    /// <summary>A transaction.</summary>
    Transaction,

    /// <summary>The edge: wait until something moves, and ask again.</summary>
    AtEdge,

    /// <summary>Nothing more will come.</summary>
    Ended,
}

/// <summary>One pass of one reader over the log, transaction by transaction. Never waits.</summary>
internal sealed class LogPass : IDisposable
{
    private readonly LogCore _core;
    private readonly WalReadOptions _options;
    private readonly LogPosition _end;
    private readonly SegmentCursor _cursor;
    private readonly TransactionSplitter _split;
    private LogPosition _edge;
    private WalFault? _fault;
    private bool _isClosed;
    private bool _isStale = true;

    /// <param name="core">The log.</param>
    /// <param name="options">What to read.</param>
    /// <param name="end">Where a pass ends that does not follow.</param>
    /// <param name="cursor">At the start of a segment. The pass closes it.</param>
    public LogPass(LogCore core, WalReadOptions options, LogPosition end, SegmentCursor cursor)
    {
        _core = core;
        _options = options;
        _end = end;
        _cursor = cursor;
        _split = new TransactionSplitter(options.After?.Value ?? 0, options.UpTo?.Value ?? ulong.MaxValue);
    }

    /// <summary>Whether this pass follows, and looks at the edges when it is asked next.</summary>
    public bool WillLook => _isStale && _options.Follow;

    /// <summary>Whether the frame at hand holds more.</summary>
    public bool HasNextOfFrame => _split.HasNext;

    /// <summary>The next transaction of the frame at hand.</summary>
    public bool TryNextOfFrame(out WalTransaction transaction) => _split.TryNext(out transaction);

    /// <summary>The next transaction. At the edge, ask for the next move first and look again then.</summary>
    /// <exception cref="WalPoisonedException">The log is poisoned, and all that is durable has been read.</exception>
    /// <exception cref="WalCorruptException">There is no valid frame below the edge.</exception>
    /// <exception cref="WalTruncatedException">What comes next has been truncated away meanwhile.</exception>
    public PassStatus Next(out WalTransaction transaction, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_split.HasNext && _split.TryNext(out transaction))
            {
                return PassStatus.Transaction;
            }

            if (_split.IsPastEnd)
            {
                transaction = default;
                return PassStatus.Ended;
            }

            if (_isStale)
            {
                Look();
            }

            if (!_cursor.MoveNext(_edge))
            {
                transaction = default;
                return AtEdge();
            }

            cancellationToken.ThrowIfCancellationRequested();
            _split.Begin(_cursor.Frames, _cursor.Created);
        }
    }

    public void Dispose() => _cursor.Dispose();

    private void Look()
    {
        (LogPosition Written, LogPosition Durable, WalFault? Fault, bool IsClosed) edges = _core.Edges();
        LogPosition edge = LogReader.EdgeOf(edges, _options);
        _edge = _options.Follow || edge.IsAtOrBefore(_end) ? edge : _end;
        _fault = edges.Fault;
        _isClosed = edges.IsClosed;
        _isStale = false;
    }

    // What was seen before the edge was reached decides: nothing that came before it has been missed.
    private PassStatus AtEdge()
    {
        ulong next = Math.Max(_cursor.NextLsn, _core.Environment.Settings.OpenFence + 1);
        if (!_options.Follow || _split.IsAtEnd(next))
        {
            return PassStatus.Ended;
        }

        if (_fault is { } fault)
        {
            throw new WalPoisonedException(fault, outcomeUnknown: false);
        }

        _isStale = true;
        return _isClosed ? PassStatus.Ended : PassStatus.AtEdge;
    }
}
