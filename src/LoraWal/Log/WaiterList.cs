namespace LoraWal.Log;

/// <summary>Waiters in the order they came, linked through themselves. Guarded by the log's lock, or local.</summary>
internal struct WaiterList
{
    private Waiter? _last;

    public Waiter? First { get; private set; }

    public int Count { get; private set; }

    public readonly bool IsEmpty => First is null;

    public void Add(Waiter waiter)
    {
        waiter.Next = null;
        if (_last is null)
        {
            First = waiter;
        }
        else
        {
            _last.Next = waiter;
        }

        _last = waiter;
        Count++;
    }

    public Waiter? TakeFirst()
    {
        Waiter? waiter = First;
        if (waiter is not null)
        {
            First = waiter.Next;
            waiter.Next = null;
            Count--;
            if (First is null)
            {
                _last = null;
            }
        }

        return waiter;
    }

    /// <summary>Takes a waiter out of the middle.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(Waiter waiter)
    {
        var kept = default(WaiterList);
        bool found = false;
        while (TakeFirst() is { } next)
        {
            if (ReferenceEquals(next, waiter))
            {
                found = true;
            }
            else
            {
                kept.Add(next);
            }
        }

        this = kept;
        return found;
    }

    /// <summary>Completes all, outside the lock. Continuations run elsewhere.</summary>
    public void CompleteAll()
    {
        while (TakeFirst() is { } waiter)
        {
            waiter.Complete();
        }
    }
}
