using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LoraWal.Extensions.Hosting;

/// <summary>Stops the host when its log is poisoned, if the settings say so.</summary>
internal sealed class PoisonResponse(
    HostedLog log, IHostApplicationLifetime? lifetime, ILogger<PoisonResponse> logger)
{
    /// <summary>Begins to watch; the settings are known by now.</summary>
    public void Watch()
    {
        if (log.Options.OnPoisoned == PoisonedAction.StopHost)
        {
            // Not on the stack of the append or sync that failed: stopping runs the callbacks of the application.
            log.Poisoned.UnsafeRegister(
                static state => ThreadPool.UnsafeQueueUserWorkItem(
                    static response => response.Respond(), (PoisonResponse)state!, preferLocal: false),
                this);
        }
    }

    private void Respond()
    {
        // ORDER: the code first. A host that stops itself ends with 0 otherwise, and its supervisor sees a success.
        int exitCode = log.Options.PoisonedExitCode;
        Environment.ExitCode = exitCode;
        HostLog.StoppingHost(logger, log.Name, exitCode, log.Status.Fault?.Reason ?? "unknown");
        lifetime?.StopApplication();
    }
}
