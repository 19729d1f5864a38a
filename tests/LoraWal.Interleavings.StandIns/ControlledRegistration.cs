namespace LoraWal.Interleavings.StandIns;

/// <summary>Stands in for <see cref="CancellationTokenRegistration"/>: disposing of it waits for a callback under way,
/// and Coyote must see that wait.</summary>
internal struct ControlledRegistration : IDisposable
{
    private Callback? _callback;

    /// <summary>Stands in for <see cref="CancellationToken.UnsafeRegister(Action{object?}, object?)"/>.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Design", "CA1068", Justification = "The token is what the method is called on.")]
    public static ControlledRegistration UnsafeRegister(
        ref CancellationToken token, Action<object?> action, object? state)
    {
        var callback = new Callback(action, state);
        callback.Real = token.UnsafeRegister(static callback => ((Callback)callback!).Run(), callback);
        return new ControlledRegistration { _callback = callback };
    }

    public readonly void Dispose() => _callback?.Dispose();

    private sealed class Callback(Action<object?> action, object? state) : IDisposable
    {
        private readonly object _monitor = new();
        private bool _isDisposed;
        private int _runningOn;

        public CancellationTokenRegistration Real { get; set; }

        public void Run()
        {
            lock (_monitor)
            {
                if (_isDisposed)
                {
                    return;
                }

                _runningOn = Environment.CurrentManagedThreadId;
            }

            try
            {
                action(state);
            }
            finally
            {
                lock (_monitor)
                {
                    _runningOn = 0;
                    Monitor.PulseAll(_monitor);
                }
            }
        }

        public void Dispose()
        {
            Real.Unregister();
            lock (_monitor)
            {
                _isDisposed = true;
                while (_runningOn != 0 && _runningOn != Environment.CurrentManagedThreadId)
                {
                    Monitor.Wait(_monitor);
                }
            }
        }
    }
}
