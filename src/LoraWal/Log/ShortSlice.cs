using System.Runtime.InteropServices;
using LoraWal.Storage;

namespace LoraWal.Log;

/// <summary>Has a thread run soon after it wakes, at the price of shorter turns.</summary>
/// <remarks>
/// Linux lets a thread finish its slice, a millisecond or more, before one that has just woken gets the processor.
/// Where all processors are busy, the leader of a crowd comes back that late from a sync that took a tenth of it. A
/// thread with a shorter slice does not wait for one with a longer. Its share of the processor stays what it was.
/// </remarks>
// From Linux 6.12 on. Elsewhere, or where it is not allowed, nothing happens. docs/adr/0010-short-turns.md
internal static unsafe class ShortSlice
{
    /// <summary>The shortest that there is.</summary>
    public const ulong Nanoseconds = 100_000;

    private const uint Normal = 0;

    // What this thread starts in turn, a thread of the pool perhaps, begins with a slice as usual.
    private const ulong ResetOnFork = 1;

    /// <summary>Asks for it, for the thread that calls.</summary>
    public static void Ask()
    {
        if (TryRead(out Attributes attributes) && attributes.Policy == Normal)
        {
            attributes.Runtime = Nanoseconds;
            attributes.Flags |= ResetOnFork;
            _ = NativeMethods.SystemCall(Numbers!.Value.Set, 0, &attributes, 0, 0);
        }
    }

    /// <summary>The slice of the thread that calls; null if that cannot be known.</summary>
    public static ulong? Current() =>
        TryRead(out Attributes attributes) && attributes.Policy == Normal ? attributes.Runtime : null;

    private static (nint Set, nint Get)? Numbers => !OperatingSystem.IsLinux()
        ? null
        : RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (314, 315),
            Architecture.Arm64 => (274, 275),
            _ => null,
        };

    private static bool TryRead(out Attributes attributes)
    {
        attributes = default;
        if (Numbers is not { } numbers)
        {
            return false;
        }

        fixed (Attributes* target = &attributes)
        {
            return NativeMethods.SystemCall(numbers.Get, 0, target, sizeof(Attributes), 0) == 0;
        }
    }

    // struct sched_attr, as first published.
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
