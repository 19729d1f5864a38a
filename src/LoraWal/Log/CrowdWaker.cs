namespace LoraWal.Log;

/// <summary>Resumes the callers of a crowd on the thread pool, without a work item for each.</summary>
/// <remarks>
/// A work item resumes one caller after the other, and before each asks for another item if more are left: a caller
/// that blocks, leading a batch of its own perhaps, holds up nobody but itself.
/// </remarks>
// INVARIANT: whenever a waiter is in the list, an item has been asked for that has not begun, or one is about to look.
internal sealed class CrowdWaker : IThreadPoolWorkItem
{
    /// <summary>From so many on it is worth it.</summary>
    public const int Crowd = 8;

    // Then the pool's other work has its turn.
    private const int MostPerItem = 64;

    private readonly Lock _lock = new();
    private WaiterList _waiters;
    private bool _isAsked;

    /// <summary>Completes waiters soon.</summary>
    public void Complete(ref WaiterList done)
    {
        lock (_lock)
        {
            while (done.TakeFirst() is { } waiter)
            {
                _waiters.Add(waiter);
            }

            if (_isAsked || _waiters.IsEmpty)
            {
                return;
            }

            _isAsked = true;
        }

        Ask();
    }

    void IThreadPoolWorkItem.Execute()
    {
        bool isFirst = true;
        for (int i = 0; i < MostPerItem; i++)
        {
            Waiter? waiter;
            bool asks;
            lock (_lock)
            {
                _isAsked &= !isFirst;
                isFirst = false;
                waiter = _waiters.TakeFirst();
                asks = !_waiters.IsEmpty && !_isAsked;
                _isAsked |= asks;
            }

            if (asks)
            {
                Ask();
            }

            if (waiter is null)
            {
                return;
            }

            waiter.CompleteHere();
        }
    }

    private void Ask() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
}
