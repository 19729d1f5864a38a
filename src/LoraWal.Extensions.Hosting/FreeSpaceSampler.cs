namespace LoraWal.Extensions.Hosting;

/// <summary>Asks for the volume's free bytes now and then, so that a health check never has to.</summary>
internal sealed class FreeSpaceSampler(HostedLog log, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private ITimer? _timer;
    private int _sampling;

    public void Start()
    {
        Sample();
        _timer = time.CreateTimer(static state => ((FreeSpaceSampler)state!).Sample(), this, Interval, Interval);
    }

    public void Dispose() => _timer?.Dispose();

    private void Sample()
    {
        // A volume that hangs holds one thread, not one more with every tick.
        if (Interlocked.Exchange(ref _sampling, 1) != 0)
        {
            return;
        }

        try
        {
            log.FreeBytes = log.Opened?.FreeBytes();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            log.FreeBytes = null;
        }
        finally
        {
            Volatile.Write(ref _sampling, 0);
        }
    }
}
