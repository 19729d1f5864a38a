using Microsoft.Extensions.Logging;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>Tells a test when an event has been logged.</summary>
internal sealed class EventSignal(int awaited) : ILoggerProvider, ILogger
{
    private readonly TaskCompletionSource<string> _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The message, once there is one.</summary>
    public Task<string> Seen => _seen.Task;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == awaited)
        {
            _seen.TrySetResult(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}
