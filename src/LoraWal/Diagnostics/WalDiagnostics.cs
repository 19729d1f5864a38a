using Microsoft.Extensions.Logging;

namespace LoraWal.Diagnostics;

/// <summary>Where one log's messages and measurements go.</summary>
/// <param name="Logger">The messages.</param>
/// <param name="Meter">The measurements.</param>
internal sealed record WalDiagnostics(ILogger Logger, WalMeter Meter);
