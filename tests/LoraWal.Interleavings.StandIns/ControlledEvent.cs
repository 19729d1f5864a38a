namespace LoraWal.Interleavings.StandIns;

/// <summary>Stands in for <see cref="ManualResetEventSlim"/>, which Coyote 1.7.11 does not know.</summary>
internal sealed class ControlledEvent
{
    private readonly object _monitor = new();
    private bool _isSet;

    public void Set()
    {
        lock (_monitor)
        {
            _isSet = true;
            Monitor.PulseAll(_monitor);
        }
    }

    public void Reset()
    {
        lock (_monitor)
        {
            _isSet = false;
        }
    }

    public void Wait()
    {
        lock (_monitor)
        {
            while (!_isSet)
            {
                Monitor.Wait(_monitor);
            }
        }
    }
}
