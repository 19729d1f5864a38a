namespace LoraWal.Log;

/// <summary>Waiters that are not in use.</summary>
/// <param name="onCancelled">Called when the token of one of the waiters is cancelled while its caller waits.</param>
internal sealed class WaiterPool(Action<Waiter> onCancelled)
{
    private const int MostKept = 4096;

    private readonly Lock _lock = new();
    private Waiter? _first;
    private int _kept;

    public Action<Waiter> OnCancelled => onCancelled;

    public Waiter Rent()
    {
        lock (_lock)
        {
            if (_first is { } waiter)
            {
                _first = waiter.Next;
                waiter.Next = null;
                _kept--;
                return waiter;
            }
        }

        return new Waiter(this);
    }

    public void Return(Waiter waiter)
    {
        lock (_lock)
        {
            if (_kept < MostKept)
            {
                waiter.Next = _first;
                _first = waiter;
                _kept++;
            }
        }
    }
}
