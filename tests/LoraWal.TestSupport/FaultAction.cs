using LoraWal.Storage;

namespace LoraWal.TestSupport;

/// <summary>Shape of a fault.</summary>
internal enum FaultKind
{
    None,
    Fail,
    Short,
    ShortThenFail,
    PartialThenFail,
    ReturnZero,
    FailSync,
    FlipReadBit,
    Crash,
}

/// <summary>Where in a call the crash falls.</summary>
public enum CrashPhase
{
    /// <summary>The call has no effect.</summary>
    Before,

    /// <summary>A write is half done; a directory is made but its name not yet durable. Else as before.</summary>
    Mid,

    /// <summary>The call has its whole effect, but never returns.</summary>
    After,
}

/// <summary>What the page cache holds after a failed sync.</summary>
public enum SyncFailure
{
    /// <summary>The new bytes, marked clean (ext4, xfs): readable, not on disk, never written later.</summary>
    KeepCache,

    /// <summary>The bytes of the disk (old btrfs).</summary>
    RevertCache,
}

/// <summary>What the simulated disk does to one call. Made by the named methods; a gate can be added to any.</summary>
internal sealed record FaultAction
{
    private FaultAction(FaultKind kind) => Kind = kind;

    /// <summary>No fault.</summary>
    public static FaultAction None { get; } = new(FaultKind.None);

    /// <summary>A write that returns 0.</summary>
    public static FaultAction ReturnZero { get; } = new(FaultKind.ReturnZero);

    public FaultKind Kind { get; }

    /// <summary>Name of the error, such as EIO.</summary>
    public string Errno { get; private init; } = "EIO";

    /// <summary>Bytes that a short call handles, or the bit that a read gets wrong.</summary>
    public long Count { get; private init; }

    public SyncFailure SyncFailure { get; private init; }

    public CrashPhase Phase { get; private init; }

    /// <summary>Holds the call before its effect. A sync has chosen by then what it covers.</summary>
    public DiskGate? GateBefore { get; init; }

    /// <summary>Holds the call after its effect, before it returns.</summary>
    public DiskGate? GateAfter { get; init; }

    /// <summary>The call throws and has no effect. For a sync, <see cref="FailSync"/> is the truer one.</summary>
    public static FaultAction Fail(string errno = "EIO") => new(FaultKind.Fail) { Errno = errno };

    /// <summary>A read or write handles only so many bytes.</summary>
    public static FaultAction Short(int bytes) => new(FaultKind.Short) { Count = bytes };

    /// <summary>A write handles only so many bytes, and the next one through the same handle throws.</summary>
    public static FaultAction ShortThenFail(int bytes, string errno = "EIO") =>
        new(FaultKind.ShortThenFail) { Count = bytes, Errno = errno };

    /// <summary>A write throws although so many bytes have reached the cache.</summary>
    public static FaultAction PartialThenFail(int bytes, string errno = "EIO") =>
        new(FaultKind.PartialThenFail) { Count = bytes, Errno = errno };

    /// <summary>A sync throws. A random half of the dirty sectors is on disk, all are marked clean, and the next sync
    /// succeeds. Of a directory: the first few of its changes are on disk, the others stay pending.</summary>
    public static FaultAction FailSync(SyncFailure failure = SyncFailure.KeepCache, string errno = "EIO") =>
        new(FaultKind.FailSync) { SyncFailure = failure, Errno = errno };

    /// <summary>A read succeeds with one bit wrong; the disk keeps the right one.</summary>
    /// <param name="bit">Counted from the first bit read; past the end it wraps around.</param>
    public static FaultAction FlipReadBit(long bit) => new(FaultKind.FlipReadBit) { Count = bit };

    /// <summary>The machine stops here. Then call <see cref="SimulatedDisk.Kill"/> or
    /// <see cref="SimulatedDisk.PowerCut(Random, CrashStyle, DirectoryCrash)"/> to say how.</summary>
    public static FaultAction Crash(CrashPhase phase) => new(FaultKind.Crash) { Phase = phase };

    /// <summary>The call hangs until the gate is released, then goes on as if nothing had been.</summary>
    public static FaultAction Block(DiskGate gate) => None with { GateBefore = gate };

    /// <summary>The error this fault throws.</summary>
    internal StorageException ToException(string call, string path) => SimulatedError.Create(Errno, call, path);
}
