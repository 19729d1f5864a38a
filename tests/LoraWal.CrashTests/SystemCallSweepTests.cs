namespace LoraWal.CrashTests;

/// <summary>Every system call that the log makes fails at every place, one run each.</summary>
/// <remarks>strace counts calls by thread, and here by group of files: what fails is the n-th call of each thread on
/// any file of the group. The numbers are those of the faults in docs/reliability.md.</remarks>
public sealed class SystemCallSweepTests
{
    private const string Once = "";
    private const string ForGood = "+";

    // Calls that cannot lose a record, and that a run may not even notice when they fail.
    private const Outcome Anything = Outcome.Clean | Outcome.Refused | Outcome.Poisoned;

    public static TheoryData<string> Modes => Deep.IsOn ? ["PerCommit", "GroupSync"] : ["PerCommit"];

    [Theory] // 1, 3, 5, 6, 8
    [MemberData(nameof(Modes))]
    public async Task A_write_that_fails_poisons_and_loses_nothing_that_was_acknowledged(string mode)
    {
        string[] errors = Deep.IsOn && mode == "PerCommit"
            ? ["ENOSPC", "EDQUOT", "EROFS", "ENODEV", "ESTALE", "EFBIG"]
            : ["ENOSPC"];
        await Fails(mode, "pwrite64", "segments", ["EIO"], Outcome.Poisoned | Outcome.Refused);
        await new Sweep(mode, "pwrite64", "segments").RunAsync(
            [.. errors.Select(error => $"error={error}"), "retval=0"],
            [.. errors, "0 bytes"],
            Outcome.Poisoned | Outcome.Refused,
            Once);
    }

    [Theory] // 9, 10
    [MemberData(nameof(Modes))]
    public Task A_sync_that_fails_poisons_and_loses_nothing_that_was_acknowledged(string mode)
    {
        string[] errors = Deep.IsOn ? ["EIO", "ENOSPC", "EDQUOT"] : ["EIO"];
        return Fails(mode, "fdatasync", "segments", errors, Outcome.Poisoned | Outcome.Refused);
    }

    [Theory] // 2
    [MemberData(nameof(Modes))]
    public async Task No_space_for_the_next_segment_is_full_and_not_poison(string mode)
    {
        string[] errors = Deep.IsOn ? ["ENOSPC", "EDQUOT"] : ["ENOSPC"];
        const Outcome Allowed = Outcome.Clean | Outcome.Full | Outcome.Refused;
        await Fails(mode, "pwrite64", "prepared", errors, Allowed);
        await Fails(mode, "fdatasync", "prepared", errors, Allowed);
        await Fails(mode, "openat", "prepared", errors, Allowed);
    }

    [Theory] // 54
    [MemberData(nameof(Modes))]
    public async Task No_descriptor_or_memory_is_refused_cleanly_before_the_first_byte(string mode)
    {
        string[] errors = Deep.IsOn ? ["EMFILE", "ENFILE", "ENOMEM"] : ["EMFILE"];
        await Fails(mode, "openat", "prepared", errors, Outcome.Clean | Outcome.Full | Outcome.Refused);
        await Fails(mode, "openat", "segments", errors, Outcome.Refused);
        await Fails(mode, "openat", "lock", errors, Outcome.Refused);
        await Fails(mode, "openat", "owner", errors, Outcome.Clean);

        // The directory is opened to be synced: after a rename that is too late to be clean.
        await Fails(mode, "openat", "directory", errors, Outcome.Refused | Outcome.Poisoned);
    }

    [Theory] // 45, 46
    [MemberData(nameof(Modes))]
    public async Task A_failure_while_a_segment_is_made_or_deleted_is_clean(string mode)
    {
        string[] errors = ["EIO"];
        await Fails(mode, "fsync", "directory", errors, Outcome.Poisoned | Outcome.Refused);
        await Fails(mode, "rename", "prepared", errors, Outcome.Poisoned | Outcome.Refused);
        await Fails(mode, "pwrite64", "prepared", errors, Anything);
        await Fails(mode, "fdatasync", "prepared", errors, Anything);
        await Fails(mode, "openat", "prepared", errors, Anything);
        await Fails(mode, "unlink", "prepared", errors, Anything);
        await Fails(mode, "unlink", "segments", errors, Outcome.Clean);
    }

    [Theory] // 31
    [MemberData(nameof(Modes))]
    public async Task A_read_that_fails_refuses_and_the_next_attempt_succeeds(string mode)
    {
        await Fails(mode, "pread64", "segments", ["EIO"], Outcome.Refused);
        await Fails(mode, "getdents64", "directory", ["EIO"], Outcome.Refused);
    }

    [Theory] // 7
    [MemberData(nameof(Modes))]
    public async Task An_interrupted_call_goes_unnoticed_wherever_it_is_made(string mode)
    {
        // Every second call: one that is interrupted for ever could only be made again for ever.
        const string EverySecond = "+2";
        string[] groups = ["segments", "prepared"];
        foreach (string group in groups)
        {
            await Sweeps(mode, "pwrite64", group, ["EINTR"], Outcome.Clean, Once, EverySecond);
            await Sweeps(mode, "fdatasync", group, ["EINTR"], Outcome.Clean, Once, EverySecond);
        }

        await Sweeps(mode, "pread64", "segments", ["EINTR"], Outcome.Clean, Once, EverySecond);
        await Sweeps(mode, "fsync", "directory", ["EINTR"], Outcome.Clean, Once, EverySecond);
        await Sweeps(mode, "flock", "lock", ["EINTR"], Outcome.Clean, Once, EverySecond);
    }

    [Theory] // 50, and what is left
    [MemberData(nameof(Modes))]
    public async Task A_failure_of_any_other_call_loses_nothing(string mode)
    {
        // The lock is taken by one call, and let go by another.
        await Fails(mode, "flock", "lock", ["ENOLCK"], Outcome.Clean | Outcome.Refused);
        foreach ((string call, string group) in (await Sweep.TraceAsync(mode)).Kinds.Except(Swept).Order())
        {
            // The base library tells some of them in its own words. A close that strace makes fail leaves the
            // descriptor open, lock and all, which no real one does.
            if (call != "close")
            {
                await new Sweep(mode, call, group).RunAsync(["error=EIO"], [""], Anything, Steps);
            }
        }
    }

    [Theory] // 16, 21, 22, 23, 57
    [MemberData(nameof(Modes))]
    public async Task A_kill_at_any_call_loses_nothing_that_was_acknowledged(string mode)
    {
        // The call is still made; with an error it is not.
        string[] kills = Deep.IsOn ? ["signal=KILL", "error=EIO:signal=KILL"] : ["signal=KILL"];
        string[] calls = Deep.IsOn
            ? [.. (await Sweep.TraceAsync(mode)).Kinds.Select(kind => kind.Call).Distinct().Order()]
            : ["pwrite64", "fdatasync", "fsync", "rename", "unlink"];
        foreach (string call in calls)
        {
            await new Sweep(mode, call, "all").RunAsync(kills, ["", ""], Outcome.Killed, Once);
        }
    }

    private static IEnumerable<(string Call, string Group)> Swept =>
    [
        ("pwrite64", "segments"), ("fdatasync", "segments"), ("pread64", "segments"), ("unlink", "segments"),
        ("pwrite64", "prepared"), ("fdatasync", "prepared"), ("rename", "prepared"), ("unlink", "prepared"),
        ("openat", "prepared"), ("openat", "segments"), ("openat", "lock"), ("openat", "owner"),
        ("openat", "directory"), ("fsync", "directory"), ("getdents64", "directory"), ("flock", "lock"),
    ];

    private static string[] Steps => Deep.IsOn ? [Once, ForGood] : [Once];

    private static Task Fails(string mode, string call, string group, string[] errors, Outcome allowed) =>
        Sweeps(mode, call, group, errors, allowed, Steps);

    private static Task Sweeps(
        string mode, string call, string group, string[] errors, Outcome allowed, params string[] steps) =>
        new Sweep(mode, call, group).RunAsync(
            [.. errors.Select(error => $"error={error}")],
            [.. errors.Select(error => error == "ENOLCK" ? "no dependable locks" : error)],
            allowed,
            steps);
}
