using LoraWal.Diagnostics;

namespace LoraWal.Log;

/// <summary>What the parts of one open log share and never change.</summary>
/// <param name="Settings">The settings.</param>
/// <param name="Time">The clock.</param>
/// <param name="Work">Runs what no caller waits for.</param>
/// <param name="FillRandom">Fills a span with random bytes.</param>
/// <param name="Generation">How often the log has been opened.</param>
/// <param name="Diagnostics">Log messages and metrics.</param>
internal sealed record LogEnvironment(
    LogSettings Settings,
    TimeProvider Time,
    IWorkScheduler Work,
    Action<Memory<byte>> FillRandom,
    uint Generation,
    WalDiagnostics Diagnostics);
