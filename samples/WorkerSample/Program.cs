using WorkerSample;

// A failed start ends with 1. A poisoned log stops the host with the exit code that LoraWal has set by then.
try
{
    WorkerApp.Build(args).Run();
    return Environment.ExitCode;
}
catch (Exception e)
{
    Console.Error.WriteLine($"WorkerSample ended: {e.Message}");
    return Environment.ExitCode == 0 ? 1 : Environment.ExitCode;
}
