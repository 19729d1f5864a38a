using Microsoft.Extensions.Logging;

namespace LoraWal.Extensions.Hosting;

/// <summary>Brings the replay targets of one log up to its end.</summary>
//
// ORDER:
//   1. every target loads what it keeps     before the log opens: the greatest of their LSNs fences new records
//   2. the log opens                         elsewhere
//   3. one pass from the least of their LSNs, each target getting what lies above its own
internal sealed class Replay
{
    private const int TransactionsPerLook = 4096;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);

    private readonly HostedLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Position[] _targets;
    private long _transactions;
    private long _records;

    public Replay(HostedLog log, IEnumerable<IReplayTarget> targets, TimeProvider time, ILogger logger)
    {
        _log = log;
        _time = time;
        _logger = logger;
        _targets = [.. targets.Select(target => new Position(target))];
    }

    /// <summary>Step 1.</summary>
    /// <param name="after">What the application's snapshot covers; no target needs anything at or below it.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <returns>The fence at open.</returns>
    public async ValueTask<Lsn> LoadAsync(Lsn after, CancellationToken cancellationToken)
    {
        Lsn fence = after;
        foreach (Position position in _targets)
        {
            try
            {
                Lsn held = await position.Target.LoadAsync(cancellationToken).ConfigureAwait(false);
                position.Lsn = held > after ? held : after;
            }
            catch (Exception e) when (!IsCancellation(e, cancellationToken))
            {
                throw new InvalidOperationException(
                    $"The replay target {NameOf(position)} of the log '{_log.Name}' failed to load its state: "
                    + e.Message, e);
            }

            fence = position.Lsn > fence ? position.Lsn : fence;
        }

        return fence;
    }

    /// <summary>Step 3.</summary>
    /// <exception cref="WalTruncatedException">A target needs records that truncation has taken.</exception>
    /// <exception cref="InvalidOperationException">A target threw; the message names it and the LSN.</exception>
    public async ValueTask RunAsync(IWal wal, CancellationToken cancellationToken)
    {
        if (_targets.Length == 0)
        {
            return;
        }

        long started = _time.GetTimestamp();
        Lsn after = _targets.Min(position => position.Lsn);
        Lsn upTo = wal.Status.DurableLsn;
        HostLog.ReplayStarted(_logger, _log.Name, after, upTo, _targets.Length);

        long reported = started;
        var range = new WalReadOptions(After: after);
        await foreach (WalTransaction transaction in wal.ReadAsync(range, cancellationToken).ConfigureAwait(false))
        {
            await ApplyAsync(transaction, cancellationToken).ConfigureAwait(false);
            _transactions++;
            _records += transaction.Count;
            _log.ReplayProgress = Fraction(transaction.LastLsn, after, upTo);
            if (_transactions % TransactionsPerLook == 0 && _time.GetElapsedTime(reported) >= ReportInterval)
            {
                reported = _time.GetTimestamp();
                HostLog.ReplayProgress(_logger, _log.Name, transaction.LastLsn, upTo, _records);
            }
        }

        HostLog.ReplayFinished(_logger, _log.Name, _transactions, _records, _time.GetElapsedTime(started));
    }

    private async ValueTask ApplyAsync(WalTransaction transaction, CancellationToken cancellationToken)
    {
        foreach (Position position in _targets)
        {
            if (transaction.LastLsn <= position.Lsn)
            {
                continue;
            }

            try
            {
                await position.Target.ApplyAsync(transaction, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!IsCancellation(e, cancellationToken))
            {
                throw new InvalidOperationException(
                    $"The replay target {NameOf(position)} failed on the transaction at LSN {transaction.FirstLsn} to "
                    + $"{transaction.LastLsn} of the log '{_log.Name}': {e.Message}", e);
            }

            position.Lsn = transaction.LastLsn;
        }
    }

    private static double Fraction(Lsn at, Lsn after, Lsn upTo) =>
        upTo <= after ? 1 : Math.Min(1, (at.Value - after.Value) / (double)(upTo.Value - after.Value));

    private static string NameOf(Position position) => position.Target.GetType().ToString();

    private static bool IsCancellation(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException && cancellationToken.IsCancellationRequested;

    private sealed class Position(IReplayTarget target)
    {
        public IReplayTarget Target => target;

        public Lsn Lsn { get; set; }
    }
}
