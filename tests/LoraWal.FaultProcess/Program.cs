using System.Globalization;
using System.Runtime.InteropServices;
using LoraWal;
using LoraWal.FaultProcess;

// A process that other tests kill and hurt. One line of output per thing that happened:
//
//   append DIRECTORY COUNT MODE [BYTES]    one record of BYTES (100) after the other
//   mixed DIRECTORY COUNT MODE     COUNT operations of every kind: see Writer
//   hang DIRECTORY                 for a sync that never returns: LED, TIMEOUT lsn, CLOSETIMEOUT
//   follow DIRECTORY 0 MODE        appends, and passes on what a cursor reads to DIRECTORY.sink: see Follower
//   machine DIRECTORY 0 MODE       a state machine that executes and takes snapshots: see Machine
//   hold DIRECTORY                 waits for the end of its input
//   verify DIRECTORY               VERIFIED count last first: every record is the one that was appended at its LSN
//
//   OPEN last nanoseconds          the log is open; last LSN; the monotonic clock's time
//   TRY lsn                        everything up to here may be in the log from now on
//   ACK lsn nanoseconds            acknowledged as the mode says
//   DURABLE lsn nanoseconds        acknowledged as durable
//   FENCE lsn                      everything up to here may be truncated from now on
//   FAIL unknown message           poisoned; whether the outcome is unknown
//   FULL message                   no space
//   POISONED reason, CLOSED, CLOSEFAIL message
//   REFUSED type: message          the log could not be opened, or not be read to its end
//
// In PerCommit mode every append is made, written and synced on the main thread, and opening on another one, so that
// a fault can be set for the n-th call of a thread.
if (args is not [var command, var directory, ..])
{
    return Output.Say(2, "usage: append|mixed|hang|follow|machine|hold|verify DIRECTORY [COUNT MODE [BYTES]]");
}

// The log's system calls go through this library, if it is set.
if (Environment.GetEnvironmentVariable("LORAWAL_LIBC") is { } library)
{
    NativeLibrary.SetDllImportResolver(typeof(Wal).Assembly, (_, _, _) => NativeLibrary.Load(library));
}

SyncMode mode = args.Length > 3 ? Enum.Parse<SyncMode>(args[3]) : SyncMode.PerCommit;
int count = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 0;
var options = new WalOptions
{
    Directory = directory,
    SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,

    // Without a group to sync the flusher writes a marker now and then: not while a test counts calls.
    GroupSyncInterval = mode == SyncMode.GroupSync ? TimeSpan.FromMilliseconds(2) : TimeSpan.FromMinutes(1),
    SyncMode = mode,
};
Writer? writer = Writer.TryOpen(options);
if (writer is null)
{
    return 3;
}

return command switch
{
    "append" => writer.Append(count, args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : 100),
    "mixed" => writer.Mixed(count),
    "hang" => writer.Hang(),
    "follow" => Follower.RunAsync(writer.Wal, directory + ".sink").GetAwaiter().GetResult(),
    "machine" => Machine.RunAsync(writer.Wal).GetAwaiter().GetResult(),
    "hold" => Hold(writer.Wal),
    "verify" => Verify(writer.Wal).GetAwaiter().GetResult(),
    _ => Output.Say(2, $"unknown command {command}"),
};

static int Hold(Wal wal)
{
    while (Console.In.ReadLine() is not null)
    {
    }

    wal.Dispose();
    return 0;
}

static async Task<int> Verify(Wal wal)
{
    try
    {
        Held held = await LogCheck.ReadAsync(wal);
        await wal.DisposeAsync();
        return Output.Say(0, $"VERIFIED {held.Count} {held.Last} {held.First}");
    }
    catch (WrongRecordException wrong)
    {
        return Output.Say(4, $"WRONG {wrong.Message}");
    }
    catch (IOException refused)
    {
        return Output.Say(3, $"REFUSED {refused.GetType().Name}: {refused.Message}");
    }
}
