using System.Runtime.CompilerServices;
using LoraWal.Log;
using LoraWal.Recovery;
using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal;

/// <summary>Reads a log from outside: beside the process that writes it, from a copy, from a read-only file
/// system.</summary>
/// <remarks>
/// <para>Takes no lock, creates no file and changes none. Holds files open only while a read is under way.</para>
/// <para>By default it yields what the log itself promises to be durable, and nothing else. A promise stands in a frame
/// written after the sync, so the reader may lag behind <see cref="WalStatus.DurableLsn"/>: on a busy log by one batch,
/// on an idle one by one or two flusher intervals, until its <c>synced</c> marker is written. Under
/// <see cref="SyncMode.None"/> there may be no promise until the log is synced or rotates.</para>
/// </remarks>
/// <threadsafety>All members may be used by any number of threads at once.</threadsafety>
public sealed class WalReader
{
    // How many polls without news pass until damage that hides all news is looked for, doubling each time.
    private const int FirstCheck = 16;
    private const int LastCheck = 1024;

    private readonly WalEnvironment _environment;

    /// <summary>Creates a reader; nothing is touched yet.</summary>
    /// <param name="directory">The log's directory.</param>
    /// <param name="timeProvider">Times the polls of a following reader. Default: the system's.</param>
    public WalReader(string directory, TimeProvider? timeProvider = null)
        : this(OnDisk(directory, timeProvider))
    {
    }

    internal WalReader(WalEnvironment environment) => _environment = environment;

    /// <summary>The log's directory, in full.</summary>
    public string Directory => _environment.Storage.DirectoryPath;

    /// <summary>How long a following reader waits before it looks for more.</summary>
    /// <value>Default: 50 ms.</value>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Reads committed transactions in LSN order, each of them whole.</summary>
    /// <param name="options">Where to begin and end; whether to follow, and whether to yield what is not promised
    /// durable. A following reader ends at <see cref="WalReadOptions.UpTo"/> or by its token alone: a log that has been
    /// closed may be opened again. It also waits for a log that is not there yet, in a directory that is.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The transactions; reading begins with the enumeration. It ends at what was promised durable
    /// then.</returns>
    /// <exception cref="WalTruncatedException">Records that were asked for have been truncated away, before or while
    /// they were read.</exception>
    /// <exception cref="WalCorruptException">What was promised durable is damaged or missing.</exception>
    /// <exception cref="WalException">The directory is another program's or version's; or what was read without being
    /// promised durable has been taken back.</exception>
    /// <exception cref="IOException">The operating system refused a call.</exception>
    public async IAsyncEnumerable<WalTransaction> ReadAsync(
        WalReadOptions options = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var split = new TransactionSplitter(options.After?.Value ?? 0, options.UpTo?.Value ?? ulong.MaxValue);
        (LogTail Tail, SegmentCursor Cursor)? begun;
        while ((begun = Begin(options.After)) is null)
        {
            if (!options.Follow)
            {
                yield break;
            }

            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        using LogTail tail = begun.Value.Tail;
        using SegmentCursor cursor = begun.Value.Cursor;
        for (int stalled = 0; ; stalled++)
        {
            ThrowIfTakenBack(tail, cursor);
            while (MoveNext(tail, cursor, options))
            {
                cancellationToken.ThrowIfCancellationRequested();
                stalled = 0;
                split.Begin(cursor.Frames, cursor.Created);
                while (split.TryNext(out WalTransaction transaction))
                {
                    yield return transaction;
                }

                if (split.IsPastEnd)
                {
                    yield break;
                }
            }

            if (!options.Follow || split.IsAtEnd(cursor.NextLsn))
            {
                yield break;
            }

            await WaitAsync(cancellationToken).ConfigureAwait(false);
            LookForMore(tail, stalled);
        }
    }

    /// <summary>Looks at the segments and says what opening would find. Reads the headers and one or two
    /// segments.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="WalException">The directory is another program's or version's.</exception>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    public ValueTask<WalInspection> InspectAsync(CancellationToken cancellationToken = default) =>
        RunAsync("lorawal-inspect", Inspect, cancellationToken);

    /// <summary>Reads the whole log and checks every checksum, the order of all LSNs, and every seal.</summary>
    /// <param name="progress">Told after each segment.</param>
    /// <param name="cancellationToken">Ends the check, between two segments.</param>
    /// <exception cref="WalException">The directory is another program's or version's.</exception>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    public ValueTask<WalVerification> VerifyAsync(
        IProgress<WalVerifyProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync("lorawal-verify", () => Verify(progress, cancellationToken), cancellationToken);

    internal WalInspection Inspect() => LogInspector.Inspect(_environment.Storage);

    internal WalVerification Verify(
        IProgress<WalVerifyProgress>? progress = null, CancellationToken cancellationToken = default) =>
        new LogVerifier(_environment.Storage, progress, cancellationToken).Run();

    private static WalEnvironment OnDisk(string directory, TimeProvider? timeProvider)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        return WalEnvironment.OnDisk(directory) with { Time = timeProvider ?? TimeProvider.System };
    }

    private static LogPosition EdgeOf(LogTail tail, WalReadOptions options) => options.IncludeNotDurable
        ? new LogPosition(tail.SegmentId, tail.EndOffset, tail.NextLsn - 1)
        : new LogPosition(tail.SegmentId, tail.DurableOffset, tail.DurableLsn);

    private static LogPosition? UnsealedOf(LogTail tail) =>
        tail.Unsealed is { } end ? new LogPosition(end.SegmentId, end.Offset, 0) : null;

    private static bool MoveNext(LogTail tail, SegmentCursor cursor, WalReadOptions options)
    {
        try
        {
            return cursor.MoveNext(EdgeOf(tail, options), UnsealedOf(tail));
        }
        catch (WalCorruptException) when (options.IncludeNotDurable && cursor.SegmentId == tail.SegmentId)
        {
            // Nobody had promised these frames: they may have been taken back since the tail saw them.
            tail.Check();
            ThrowIfTakenBack(tail, cursor);
            cursor.Frames.Forget();
            return cursor.MoveNext(EdgeOf(tail, options), UnsealedOf(tail));
        }
    }

    private static void ThrowIfTakenBack(LogTail tail, SegmentCursor cursor)
    {
        if (tail.NextLsn < cursor.NextLsn)
        {
            throw new WalException(
                $"LSN {cursor.NextLsn - 1} was read before it was promised durable, and has been taken back: the log "
                + $"now ends at LSN {tail.NextLsn - 1}. Forget what was read above the durable LSN, and read again.");
        }
    }

    private static void LookForMore(LogTail tail, int stalled)
    {
        try
        {
            if (stalled >= FirstCheck && (stalled % LastCheck == 0 || int.IsPow2(stalled)))
            {
                tail.Check();
            }
            else
            {
                tail.Refresh();
            }
        }
        catch (StorageException gone) when (gone.Error == StorageError.NotFound)
        {
            // a segment was truncated away between two calls: the next look finds what is there then
        }
    }

    /// <summary>The end of the log and the place to begin reading; null without a log.</summary>
    private (LogTail Tail, SegmentCursor Cursor)? Begin(Lsn? after)
    {
        while (true)
        {
            SegmentChain chain = LiveChain.Read(_environment.Storage);
            if (chain.Run.Count == 0)
            {
                return null;
            }

            LogTail? tail = null;
            try
            {
                tail = new LogTail(_environment.Storage, chain);
                tail.Check();
                return (tail, OpenCursor(chain, tail, after));
            }
            catch (Exception failure) when (after is null && failure is WalTruncatedException
                || failure is StorageException { Error: StorageError.NotFound })
            {
                tail?.Dispose(); // the oldest segment has been truncated away meanwhile: begin with what is oldest now
            }
            catch
            {
                tail?.Dispose();
                throw;
            }
        }
    }

    private SegmentCursor OpenCursor(SegmentChain chain, LogTail tail, Lsn? after)
    {
        FoundSegment oldest = chain.Run[0];
        chain.CheckHead(Directory, tail.Floor);
        if (after is { } asked && asked.Value < oldest.Header.PreviousLastLsn)
        {
            throw new WalTruncatedException(asked, new Lsn(oldest.Header.BaseLsn));
        }

        FoundSegment first = chain.Run.LastOrDefault(found => found.Header.PreviousLastLsn <= (after?.Value ?? 0))
            ?? oldest;
        return new SegmentCursor(_environment.Storage, Oldest, first.ToEntry(), new ReadBuffer(isReused: false));
    }

    private (long Id, ulong Lsn) Oldest()
    {
        SegmentChain chain = LiveChain.Read(_environment.Storage);
        return chain.Run.Count == 0 ? (0, 0) : (chain.Run[0].Id, chain.Run[0].Header.BaseLsn);
    }

    private Task WaitAsync(CancellationToken cancellationToken) =>
        Task.Delay(PollInterval, _environment.Time, cancellationToken);

    private async ValueTask<T> RunAsync<T>(string name, Func<T> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await Background.RunAsync(_environment.Work, name, work)
            .WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
