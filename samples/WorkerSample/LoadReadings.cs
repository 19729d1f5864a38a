using System.Globalization;
using LoraWal;

namespace WorkerSample;

/// <summary>Appends a reading of the host's own load and memory every second.</summary>
internal sealed partial class LoadReadings(
    IWal wal, IConfiguration configuration, TimeProvider time, ILogger<LoadReadings> logger) : BackgroundService
{
    private const string LoadAverageFile = "/proc/loadavg";

    private long _takenAt = time.GetTimestamp();
    private TimeSpan _cpuTime = CpuTime();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IConfigurationSection settings = configuration.GetSection("Readings");
        if (settings["Enabled"] is { } enabled && !bool.Parse(enabled))
        {
            return;
        }

        TimeSpan interval = settings["Interval"] is { } text
            ? TimeSpan.Parse(text, CultureInfo.InvariantCulture)
            : TimeSpan.FromSeconds(1);
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await wal.AppendAsync(Take(), cancellationToken: stoppingToken);
            }
            catch (WalFullException e)
            {
                // The log heals by itself; until then readings are lost, as a reading may be.
                LogLost(logger, e.Message);
            }
            catch (WalPoisonedException e)
            {
                LogStopped(logger, e.Message);
                return;
            }
        }
    }

    private LoadReading Take()
    {
        TimeSpan elapsed = time.GetElapsedTime(_takenAt);
        TimeSpan cpuTime = CpuTime();
        double cpuPercent = elapsed > TimeSpan.Zero ? 100 * (cpuTime - _cpuTime) / elapsed : 0;
        _takenAt = time.GetTimestamp();
        _cpuTime = cpuTime;
        return new LoadReading(
            "load",
            time.GetUtcNow(),
            Math.Round(cpuPercent, 2),
            Environment.WorkingSet,
            GC.GetTotalMemory(forceFullCollection: false),
            ReadLoadAverage());
    }

    private static TimeSpan CpuTime() =>
        OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows()
            ? Environment.CpuUsage.TotalTime
            : TimeSpan.Zero;

    private static double? ReadLoadAverage() =>
        File.Exists(LoadAverageFile)
        && double.TryParse(
            File.ReadAllText(LoadAverageFile).Split(' ')[0], CultureInfo.InvariantCulture, out double load)
            ? load
            : null;

    [LoggerMessage(LogLevel.Warning, "A reading was not logged: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Error, "Readings have ended: {Reason}")]
    private static partial void LogStopped(ILogger logger, string reason);
}
