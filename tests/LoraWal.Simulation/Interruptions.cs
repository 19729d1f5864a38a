using LoraWal.Records;
using LoraWal.Segments;
using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>What may happen to the log in the middle of one of its calls to the disk, and at any other moment: calls
/// that do not block.</summary>
internal static class Interruptions
{
    private static readonly string[] Interruptible = ["lorawal-io", "lorawal-helper"];

    public static void Do(CrashWorld world)
    {
        for (int left = world.Random.OneIn(4) ? 3 : 1; left > 0 && !world.Disk.IsCrashed; left--)
        {
            DoOne(world);
        }
    }

    private static void DoOne(CrashWorld world)
    {
        SeededRandom random = world.Random;
        switch (random.Next(13))
        {
            case < 5:
                Append(world);
                break;
            case < 7:
                RunWorker(world);
                break;
            case 7:
                Sync(world);
                break;
            case 8:
                Wait(world);
                break;
            case 9:
                Cancel(world);
                break;
            case 10:
                Read(world);
                break;
            case 11:
                FlushTick(world);
                break;
            default:
                WalStatus now = world.Wal!.Status;
                Oracle.Require(now.DurableLsn <= now.WrittenLsn && now.WrittenLsn < now.NextLsn, $"{now}");
                break;
        }
    }

    public static void Append(CrashWorld world)
    {
        SeededRandom random = world.Random;
        int count = random.OneIn(4) ? random.Next(1, 7) : 1;
        byte[][] payloads = new byte[count][];
        long room = world.Log.Options.MaxTransactionBytes;
        for (int i = 0; i < count; i++)
        {
            payloads[i] = Payload(world, (int)Math.Min(world.Profile.Size(random), room));
            room -= payloads[i].Length;
        }

        var need = (AppendDurability)random.Next(5) switch
        {
            <= AppendDurability.Durable and var any => any,
            _ => AppendDurability.Default,
        };
        int bytes = payloads.Sum(payload => payload.Length + 32);
        if (!world.Oracle.HasNumbers || (world.IsNested && !world.MayWriteWithoutRotation(bytes)))
        {
            return;
        }

        Attempt attempt = world.Oracle.Begin(payloads, world.Log.Time.GetUtcNow());
        CancellationTokenSource? cancellation = random.OneIn(8) ? new CancellationTokenSource() : null;
        PendingCall.Append(world, attempt, need, cancellation);
    }

    public static void Sync(CrashWorld world)
    {
        if (!world.IsNested || world.MayWriteWithoutRotation(0))
        {
            PendingCall.Sync(world, world.Random.OneIn(8) ? new CancellationTokenSource() : null);
        }
    }

    public static void Wait(CrashWorld world)
    {
        ulong last = world.LastAppended;
        if (last == 0 || world.Wal!.Status.NextLsn.Value <= last)
        {
            return;
        }

        ulong lsn = world.Random.OneIn(2) ? last : 1 + ((ulong)world.Random.NextInt64() % last);
        PendingCall.WaitForDurable(world, lsn, world.Random.OneIn(4) ? new CancellationTokenSource() : null);
    }

    public static void Cancel(CrashWorld world)
    {
        if (world.AnyCancellable() is { } call)
        {
            world.Note($"cancel: {call.Name}");
            call.Cancellation!.Cancel();
        }
    }

    /// <summary>Reads beside the writer, and checks that what should be there is.</summary>
    public static void Read(CrashWorld world)
    {
        SeededRandom random = world.Random;
        Wal wal = world.Wal!;
        bool all = random.OneIn(2);
        WalStatus before = wal.Status;
        if (before.State == WalState.Closed)
        {
            return;
        }

        ulong oldest = before.OldestLsn.Value - 1;
        ulong after = random.OneIn(2) ? oldest : Math.Max(oldest, (ulong)random.Next((int)world.LastAppended + 1));
        ulong upTo = random.OneIn(2) ? ulong.MaxValue : after + (ulong)random.Next(20);
        var options = new WalReadOptions(
            new Lsn(after), upTo == ulong.MaxValue ? null : new Lsn(upTo), IncludeNotDurable: all);
        List<WalTransaction> found = world.ReadAll(wal, options);
        WalStatus now = wal.Status;
        ulong edge = (all && before.Fault is null ? now.WrittenLsn : now.DurableLsn).Value;
        var seen = new HashSet<Attempt>();
        (ulong last, int index) = (after, -1);
        foreach (WalTransaction transaction in found)
        {
            Attempt attempt = world.Oracle.Match(transaction);
            if (seen.Count > 0)
            {
                world.Oracle.CheckOrder(last, index, transaction, attempt);
            }

            (last, index) = (transaction.LastLsn.Value, attempt.Index);
            Oracle.Require(
                last > after && last <= upTo && last <= edge, $"read LSN {last} with {options}, edge {edge}");
            seen.Add(attempt);
        }

        foreach (Attempt attempt in world.Oracle.Readable(after, Math.Min(upTo, before.DurableLsn.Value)))
        {
            Oracle.Require(seen.Contains(attempt), $"a reader with {options} did not see {attempt}");
        }
    }

    // The flusher's thread does not block, unless it has to rotate within a sync.
    private static void FlushTick(CrashWorld world)
    {
        if (world.MayWriteWithoutRotation(0))
        {
            world.Note("flush tick");
            world.Wal!.FlushTick();
        }
    }

    private static void RunWorker(CrashWorld world)
    {
        // The control thread blocks for a role; these two never do, unless they have to rotate within a sync.
        if (world.Log.Work.Pending is [var next, ..] && Interruptible.Contains(next)
            && world.MayWriteWithoutRotation(0))
        {
            world.Note($"run {next}");
            world.Log.Work.RunNext();
        }
    }

    private static byte[] Payload(CrashWorld world, int size)
    {
        byte[] payload = new byte[size];
        switch (world.Random.Next(8))
        {
            case 0:
                break; // zeros
            case 1 when world.Disk.Names.LastOrDefault(CrashWorld.IsSegment) is { } wal:
                world.Disk.CopyTo(wal, SegmentLayout.HeaderBlockBytes, payload); // frames of the log
                break;
            case 2:
                Forge(world, payload);
                break;
            default:
                world.Random.NextBytes(payload);
                break;
        }

        return payload;
    }

    // Headers that promise what was never durable, as a log of another log's bytes would hold: right but for their
    // salt, or for their place.
    private static void Forge(CrashWorld world, byte[] payload)
    {
        (string name, long offset) = world.End;
        Span<byte> block = stackalloc byte[SegmentLayout.HeaderBlockBytes];
        world.Disk.CopyTo(name, 0, block);
        if (SegmentHeader.Decode(block, out _, out SegmentHeader? header) != HeaderStatus.Ok)
        {
            return;
        }

        bool isMisplaced = world.Random.OneIn(2);
        var forged = new FrameHeader
        {
            Lsn = world.Wal!.Status.NextLsn.Value + (ulong)world.Random.Next(3),
            DurableLag = 0,
            Time = 0,
            Length = 0,
            PayloadCrc = 0,
            Kind = FrameKind.Record,
        };
        for (int i = 0; i + FrameHeader.Bytes <= payload.Length; i += FrameHeader.Bytes)
        {
            // Made for a place where no frame can be: in a batch the payload may lie anywhere, also at any other place
            // that is made for, and with the right salt that would be a frame.
            long place = offset + FrameHeader.Bytes + i;
            forged.Encode(
                payload.AsSpan(i), header!.Salt + (isMisplaced ? 0u : 1u), isMisplaced ? place + 4 : place);
        }
    }
}
