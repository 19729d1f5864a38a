using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using LoraWal.Log;
using LoraWal.Storage;
using Microsoft.Extensions.Logging;

namespace LoraWal;

/// <summary>Everything outside the log that it depends on. A test replaces each: disk, time, chance, threads.</summary>
internal sealed record WalEnvironment
{
    /// <summary>The log's directory.</summary>
    public required IStorage Storage { get; init; }

    /// <summary>The only clock and the only timers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Runs what no caller waits for.</summary>
    public required IWorkScheduler Work { get; init; }

    /// <summary>Fills a span with random bytes, for log ids and salts.</summary>
    public required Action<Memory<byte>> FillRandom { get; init; }

    /// <summary>Where diagnostics go; null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Creates the meter; null: a meter of the log's own.</summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>Whether opening starts the group flusher. A host runs it itself, as a hosted service.</summary>
    public bool StartsFlusher { get; init; } = true;

    /// <summary>The real thing: a directory on the disk, the system's clock, threads and chance.</summary>
    public static WalEnvironment OnDisk(string directory) => new()
    {
        Storage = new DiskStorage(directory),
        Work = ThreadWorkScheduler.Instance,
        FillRandom = static target => RandomNumberGenerator.Fill(target.Span),
    };
}
