using Microsoft.Extensions.Logging;

namespace LoraWal.Diagnostics;

/// <summary>Passes messages on, and keeps the failures of whoever takes them from the log: a message is written in the
/// middle of a commit, and a provider that throws must not poison it.</summary>
internal sealed class QuietLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null; // the log opens no scopes

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false; // it cannot say
        }
    }

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // The message is lost; the record is not.
        }
    }
}
