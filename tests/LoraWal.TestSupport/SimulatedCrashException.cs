namespace LoraWal.TestSupport;

/// <summary>The simulated process no longer exists: it was killed, or the power failed.</summary>
/// <remarks>No <see cref="IOException"/>, so that no code under test takes it for an error of the disk. Every call
/// of a dead process throws it: nothing that still runs can alter the disk.</remarks>
internal sealed class SimulatedCrashException(string message) : Exception(message);
