using LoraWal.Segments;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>Keeps the next segment ready: made in the background, so that a rotation waits for no zeros.</summary>
internal sealed class SegmentSupply(SegmentFiles files, IWorkScheduler work, long segmentBytes) : IDisposable
{
    private enum State
    {
        Idle,
        Asked,
        Filling,
        Ready,
        Failed,
        Closed,
    }

    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _filled = new();
    private volatile State _state;
    private IStorageFile? _ready;

    /// <summary>Has a segment filled in the background, unless there is one. Cheap; does not wait.</summary>
    public void PrepareSoon()
    {
        if (_state != State.Idle)
        {
            return; // asked on every write: most of them end here
        }

        lock (_lock)
        {
            if (_state != State.Idle)
            {
                return;
            }

            _state = State.Asked;
        }

        work.Run("lorawal-prepare", Prepare);
    }

    /// <summary>Whether a file of this size is ready.</summary>
    public bool HasReady(long bytes) => bytes == segmentBytes && _state == State.Ready;

    /// <summary>Takes a file of zeros, synced: the one that is ready if it has the size, else one filled now.</summary>
    /// <returns>The file and its temporary name.</returns>
    /// <exception cref="StorageException">It could not be filled. Nothing is left behind.</exception>
    public (IStorageFile File, string Name) Take(long bytes)
    {
        while (bytes == segmentBytes)
        {
            lock (_lock)
            {
                switch (_state)
                {
                    case State.Ready:
                        IStorageFile file = _ready!;
                        _ready = null;
                        _state = State.Idle;
                        return (file, SegmentName.Prepared);
                    case State.Asked:
                        _state = State.Idle; // not begun: what was asked for in the background is done here
                        break;
                    case State.Failed:
                        _state = State.Idle; // the segment after this one may find space again
                        break;
                    case State.Filling:
                        _filled.Reset();
                        break;
                }

                if (_state != State.Filling)
                {
                    break;
                }
            }

            _filled.Wait();
        }

        return (files.Fill(SegmentName.Urgent, bytes), SegmentName.Urgent);
    }

    /// <summary>Deletes what is ready and prepares no more.</summary>
    public void Dispose()
    {
        IStorageFile? ready;
        while (true)
        {
            lock (_lock)
            {
                if (_state != State.Filling)
                {
                    ready = _ready;
                    _ready = null;
                    _state = State.Closed;
                    break;
                }

                _filled.Reset();
            }

            _filled.Wait();
        }

        if (ready is not null)
        {
            files.Discard(ready, SegmentName.Prepared);
        }
    }

    private void Prepare()
    {
        lock (_lock)
        {
            if (_state != State.Asked)
            {
                return;
            }

            _state = State.Filling;
        }

        IStorageFile? file = null;
        try
        {
            file = files.Fill(SegmentName.Prepared, segmentBytes);
        }
        catch (StorageException)
        {
            // Nothing is lost: the rotation that needs the segment fills it, and meets the failure if it lasts. Not
            // tried again before: with every append, it would fill a nearly full disk to the last byte.
        }
        finally
        {
            lock (_lock)
            {
                _ready = file;
                _state = file is null ? State.Failed : State.Ready;
                _filled.Set();
            }
        }
    }
}

/// <summary>How segments are made: by name, and ahead of need.</summary>
internal readonly record struct SegmentMaker(SegmentFiles Files, SegmentSupply Supply);
