using System.Globalization;
using LoraWal;

// A process that other tests kill and hurt. One line of output per thing that happened:
//
//   append DIRECTORY COUNT MODE    OPEN last, ACK lsn, FAIL unknown message, FULL message, POISONED reason, CLOSED,
//                                  CLOSEFAIL message
//   hold DIRECTORY                 OPEN last, then waits for the end of its input
//   verify DIRECTORY               VERIFIED count last: every record is the one that was appended at its LSN
//
// REFUSED type: message: the log could not be opened, or not be read to its end.
// In PerCommit mode every append is made, written and synced on the main thread, and opening on another one, so that
// a fault can be set for the n-th call of a thread.
if (args is not [var command, var directory, ..])
{
    return Say(2, "usage: append|hold|verify DIRECTORY [COUNT MODE]");
}

SyncMode mode = args.Length > 3 ? Enum.Parse<SyncMode>(args[3]) : SyncMode.PerCommit;
var options = new WalOptions
{
    Directory = directory,
    SegmentTargetBytes = WalOptions.MinSegmentTargetBytes,

    // Without a group to sync the flusher writes a marker now and then: not while a test counts calls.
    GroupSyncInterval = mode == SyncMode.GroupSync ? TimeSpan.FromMilliseconds(2) : TimeSpan.FromMinutes(1),
    SyncMode = mode,
};
Wal wal;
try
{
    wal = Wal.OpenAsync(options).AsTask().GetAwaiter().GetResult();
}
catch (IOException refused)
{
    return Say(3, $"REFUSED {refused.GetType().Name}: {refused.Message}");
}

Say(0, $"OPEN {wal.Status.WrittenLsn}");
return command switch
{
    "append" => Append(wal, int.Parse(args[2], CultureInfo.InvariantCulture), mode),
    "hold" => Hold(wal),
    "verify" => Verify(wal).GetAwaiter().GetResult(),
    _ => Say(2, $"unknown command {command}"),
};

static int Append(Wal wal, int count, SyncMode mode)
{
    int failed = 0;
    for (int i = 0; i < count && failed < 3; i++)
    {
        try
        {
            Lsn lsn = wal.Append(PayloadOf(wal.Status.NextLsn.Value), recordType: 7);
            Say(0, $"ACK {lsn}");
        }
        catch (WalPoisonedException poisoned)
        {
            failed++;
            Say(0, $"FAIL {poisoned.OutcomeUnknown} {poisoned.Message}");
        }
        catch (WalFullException full)
        {
            failed++;
            Say(0, $"FULL {full.Message}");
        }

        if (mode == SyncMode.GroupSync && i + 1 == count && wal.Status.Fault is null)
        {
            // The flusher's turn: it syncs, or closes the latch.
            SpinWait.SpinUntil(
                () => wal.Status.Fault is not null || wal.Status.DurableLsn == wal.Status.WrittenLsn, 20_000);
            count += wal.Status.Fault is null ? 0 : 3;
        }
    }

    if (wal.Status.Fault is { } fault)
    {
        Say(0, $"POISONED {fault.Reason}");
    }

    try
    {
        wal.CloseAsync().AsTask().GetAwaiter().GetResult();
        return Say(0, "CLOSED");
    }
    catch (WalException failure)
    {
        return Say(0, $"CLOSEFAIL {failure.Message}");
    }
}

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
    long count = 0;
    Lsn last = Lsn.None;
    try
    {
        await foreach (WalTransaction transaction in wal.ReadAsync())
        {
            foreach (WalRecord record in transaction)
            {
                if (!record.Payload.Span.SequenceEqual(PayloadOf(record.Lsn.Value)) || record.RecordType != 7)
                {
                    return Say(4, $"WRONG {record.Lsn}");
                }

                last = record.Lsn;
                count++;
            }
        }
    }
    catch (IOException refused)
    {
        return Say(3, $"REFUSED {refused.GetType().Name}: {refused.Message}");
    }

    await wal.DisposeAsync();
    return Say(0, $"VERIFIED {count} {last}");
}

// 100 bytes that only this LSN has.
static byte[] PayloadOf(ulong lsn)
{
    byte[] payload = new byte[100];
    for (int i = 0; i < payload.Length; i++)
    {
        payload[i] = (byte)((lsn * 131) + ((ulong)i * 7) + (lsn >> 8));
    }

    return payload;
}

static int Say(int code, string line)
{
    Console.Out.WriteLine(line.ReplaceLineEndings(" "));
    Console.Out.Flush();
    return code;
}
