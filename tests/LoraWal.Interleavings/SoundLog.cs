using System.Reflection;
using LoraWal.Interleavings.Controlled;

namespace LoraWal.Interleavings;

/// <summary>The copy of the log as it is.</summary>
internal static class SoundLog
{
    public static Assembly Copy { get; } = ControlledAssemblies.Load("sound");
}
