using LoraWal.Storage;
using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>The operations of a simulated application, its operator, and its misfortunes.</summary>
internal static class CrashOperations
{
    public static void Do(CrashWorld world)
    {
        SeededRandom random = world.Random;
        ulong fence = random.OneIn(12) ? world.LastAppended + (ulong)random.Next(200) : 0;
        if (world.Wal is null)
        {
            world.EnsureOpen(fence);
            world.Oracle.Evidence.Check(world);
            world.Oracle.BytesAtOpen = world.Wal!.Status.LogBytes;
        }

        WalStatus status = world.Wal.Status;
        CheckSize(world, status);
        switch (random.Next(100))
        {
            // A log that refuses everything is soon opened again, or given space.
            case < 30 when status.State == WalState.Poisoned:
                Stop(world);
                break;
            case < 40 when status.State == WalState.Full:
                ChangeCapacity(world);
                break;
            case < 40:
                Interruptions.Append(world);
                break;
            case < 46:
                Burst(world);
                break;
            case < 51:
                Interruptions.Sync(world);
                break;
            case < 57:
                FlushTick(world);
                break;
            case < 60:
                Interruptions.Wait(world);
                break;
            case < 64:
                Checkpoint(world);
                break;
            case < 68:
                Truncate(world);
                break;
            case < 73:
                Interruptions.Read(world);
                break;
            case < 76:
                ReadFaulty(world);
                break;
            case < 78:
                Blocking(world);
                break;
            case < 80:
                AdvanceClock(world);
                break;
            case < 83:
                ChangeCapacity(world);
                break;
            case < 90:
                ArmFault(world);
                break;
            case < 94:
                ArmCrash(world);
                break;
            default:
                Stop(world);
                break;
        }
    }

    private static void Stop(CrashWorld world)
    {
        if (world.Random.OneIn(2))
        {
            Close(world);
            return;
        }

        bool isPowerCut = world.Random.OneIn(2);
        world.Note(isPowerCut ? "power cut" : "kill");
        world.Crash(isPowerCut);
    }

    // Segments that a power cut has brought back may take it over the limit; it must not grow then.
    private static void CheckSize(CrashWorld world, WalStatus status)
    {
        long most = world.Log.Options.MaxLogBytes;
        Oracle.Require(
            most == 0 || status.LogBytes <= Math.Max(most, world.Oracle.BytesAtOpen) || status.SegmentCount == 1,
            $"the log has {status.LogBytes} bytes, at most {most} are allowed");
    }

    private static void Burst(CrashWorld world)
    {
        int count = world.Random.Next(2, 20);
        for (int i = 0; i < count && !world.Disk.IsCrashed && world.Wal!.Status.Fault is null; i++)
        {
            Interruptions.Append(world);
        }
    }

    private static void FlushTick(CrashWorld world)
    {
        world.Note("flush tick");
        WalStatus before = world.Wal!.Status;
        ulong appended = world.Oracle.Attempts.LastOrDefault(attempt => attempt.Fate == Fate.Buffered)?.LastLsn ?? 0;
        ulong owed = Math.Max(before.WrittenLsn.Value, before.State == WalState.Full ? 0 : appended);
        bool goesOn = world.Wal.FlushTick();
        bool isPoisoned = world.Wal.Status.Fault is not null;
        Oracle.Require(goesOn != isPoisoned || world.Disk.IsCrashed, $"tick said {goesOn}, poisoned {isPoisoned}");
        world.Pump();
        WalStatus after = world.Wal.Status;
        Oracle.Require(
            after.DurableLsn.Value >= owed || after.State != WalState.Running || world.Disk.IsCrashed,
            $"{owed} was appended before the tick, durable is {after.DurableLsn} after it");
    }

    private static void Checkpoint(CrashWorld world)
    {
        WalStatus status = world.Wal!.Status;
        ulong fence = (ulong)world.Random.NextInt64((long)status.WrittenLsn.Value + 1);
        world.Note($"checkpoint {fence}");
        world.Oracle.AskedCheckpoint = Math.Max(world.Oracle.AskedCheckpoint, fence);
        Task task = world.Wal.CheckpointAsync(new Lsn(fence)).AsTask();
        if (Ended(world, task, status) is null && !world.Disk.IsCrashed)
        {
            world.Oracle.AcknowledgeCheckpoint(fence);
        }
    }

    private static void Truncate(CrashWorld world)
    {
        WalStatus status = world.Wal!.Status;
        ulong durable = status.DurableLsn.Value;
        ulong fence = world.Random.OneIn(3) ? durable : (ulong)world.Random.NextInt64((long)durable + 1);
        world.Note($"truncate {fence}");
        if (world.Random.OneIn(4))
        {
            world.Arm(
                operation => operation.Kind is DiskOperationKind.Delete or DiskOperationKind.SyncDirectory,
                FaultAction.Crash((CrashPhase)world.Random.Next(3)),
                world.Random.Next(1, 5));
        }

        world.Oracle.AskToTruncate(fence);
        Task<TruncateResult> task = world.Wal.TruncateAsync(new Lsn(fence)).AsTask();
        Exception? failure = Ended(world, task, status);
        Oracle.Require(failure is not WalFullException, "a full log cannot be truncated");
        if (failure is null && !world.Disk.IsCrashed)
        {
            world.Note($"-> {task.Result.SegmentsDeleted} segments deleted, oldest {task.Result.OldestLsn}");
            ulong kept = Math.Max(fence, status.OldestLsn.Value - 1);
            Oracle.Require(
                !world.Oracle.Readable(kept, task.Result.OldestLsn.Value - 1).Any(),
                "records above the fence are gone");
            ReadTruncated(world, task.Result.OldestLsn);
        }
    }

    // Who asks for records that are gone is told so, and not given the next ones.
    private static void ReadTruncated(CrashWorld world, Lsn oldest)
    {
        if (world.Oracle.Readable(0, oldest.Value - 1).FirstOrDefault() is not { } gone)
        {
            return;
        }

        bool isTold = false;
        try
        {
            world.ReadAll(world.Wal!, new WalReadOptions(new Lsn(gone.FirstLsn - 1)));
        }
        catch (WalTruncatedException)
        {
            isTold = true;
        }

        Oracle.Require(isTold, $"a reader from LSN {gone.FirstLsn} is not told that the log begins at {oldest}");
    }

    private static void Close(CrashWorld world)
    {
        SeededRandom random = world.Random;
        if (random.OneIn(4))
        {
            var phase = (CrashPhase)random.Next(3);
            world.Arm(operation => operation.IsMutation, FaultAction.Crash(phase), random.Next(1, 6));
        }
        else if (random.OneIn(3) && !world.Profile.IsHealthy)
        {
            world.Arm(
                operation => operation.Kind == DiskOperationKind.Sync,
                FaultAction.FailSync(SyncFailure.KeepCache),
                random.Next(1, 3));
        }

        world.Note("close");
        world.Close();
    }

    private static Exception? Ended(CrashWorld world, Task task, WalStatus before)
    {
        if (!world.PumpUntil(task))
        {
            _ = task.Exception;
            return null;
        }

        Exception? failure = task.Exception?.InnerException;
        world.Note($"-> {failure?.GetType().Name ?? "done"}");
        Oracle.Require(failure is null or WalPoisonedException or WalFullException, $"threw {failure}");
        Oracle.Require(failure is not null || before.Fault is null, "acknowledged after the log was poisoned");
        return failure;
    }

    // A read error is reported, and changes nothing.
    private static void ReadFaulty(CrashWorld world)
    {
        if (world.Profile.IsHealthy)
        {
            return;
        }

        int nth = world.Random.Next(1, 4);
        world.Arm(operation => operation.Kind == DiskOperationKind.Read, FaultAction.Fail(), nth);
        ulong oldest = world.Wal!.Status.OldestLsn.Value;
        try
        {
            CrashWorld.Collect(world.Wal, new WalReadOptions(new Lsn(oldest - 1)));
        }
        catch (StorageException failure)
        {
            world.Note($"-> {failure.Message}");
        }

        if (!world.Disk.IsCrashed && world.Random.OneIn(2))
        {
            world.Disarm();
        }
    }

    private static void Blocking(CrashWorld world)
    {
        if (!world.IsIdle || world.Oracle.Attempts.Any(attempt => attempt.Fate == Fate.Buffered))
        {
            return;
        }

        byte[] payload = new byte[world.Random.Next(200)];
        world.Random.NextBytes(payload);
        Attempt attempt = world.Oracle.Begin([payload], world.Log.Time.GetUtcNow());
        bool wasPoisoned = world.Wal!.Status.Fault is not null;
        world.Note($"blocking append of {attempt}");
        try
        {
            Lsn lsn = world.Wal.Append(payload, (ushort)attempt.FirstId, AppendDurability.Written);
            if (!world.Disk.IsCrashed)
            {
                Oracle.Require(!wasPoisoned, "acknowledged after the log was poisoned");
                world.Oracle.Acknowledge(attempt, AppendDurability.Written, lsn.Value);
                world.Appended(lsn.Value);
            }
        }
        catch (WalPoisonedException poisoned)
        {
            attempt.Fate = poisoned.OutcomeUnknown ? Fate.Unknown : Fate.Never;
        }
        catch (WalFullException)
        {
            (attempt.Fate, world.Oracle.WasFull) = (Fate.Never, true);
        }
    }

    private static void AdvanceClock(CrashWorld world)
    {
        var by = world.Profile.JumpsClock && world.Random.OneIn(2)
            ? TimeSpan.FromDays(50)
            : TimeSpan.FromMilliseconds(world.Random.Next(1, 3000));
        world.Note($"clock + {by}");
        world.Log.Time.Advance(by);
    }

    private static void ChangeCapacity(CrashWorld world)
    {
        if (world.Profile.IsHealthy || world.Random.OneIn(2))
        {
            world.Disk.CapacityBytes = null;
            world.Log.Time.Advance(TimeSpan.FromSeconds(2));
            Heal(world);
            return;
        }

        long used = world.Disk.Names.Sum(name => (long)world.Disk.LengthOf(name));
        world.Disk.CapacityBytes = used + world.Random.Next(100_000);
        world.Note($"{world.Disk.CapacityBytes - used} bytes free");
    }

    // Space is back, and a second has passed: the next append succeeds.
    private static void Heal(CrashWorld world)
    {
        if (world.Wal!.Status.State != WalState.Full || world.Log.Options.MaxLogBytes > 0)
        {
            return;
        }

        world.Note("space is back");
        world.Disarm();
        Attempt attempt = world.Oracle.Begin([[1, 2, 3]], world.Log.Time.GetUtcNow());
        PendingCall.Append(world, attempt, AppendDurability.Written, null);
        world.Pump();
        world.SettleCalls();
        bool isThere = attempt.Fate is Fate.Written or Fate.Durable;
        Oracle.Require(isThere || world.Wal.Status.Fault is not null, $"space is back, and yet: {attempt}");
    }

    private static void ArmFault(CrashWorld world)
    {
        if (world.Profile.IsHealthy)
        {
            return;
        }

        SeededRandom random = world.Random;
        if (random.OneIn(6))
        {
            ArmDeadDevice(world);
            return;
        }

        SyncFailure sync = random.OneIn(2) ? SyncFailure.KeepCache : SyncFailure.RevertCache;
        string errno = random.OneIn(3) ? "ENOSPC" : "EIO";
        int bytes = random.Next(1, 600);
        (DiskOperationKind kind, FaultAction action) = random.Next(14) switch
        {
            < 4 => (DiskOperationKind.Sync, FaultAction.FailSync(sync, errno)),
            4 => (DiskOperationKind.Write, FaultAction.Fail(errno)),
            5 => (DiskOperationKind.Write, FaultAction.ShortThenFail(bytes, errno)),
            6 => (DiskOperationKind.Write, FaultAction.PartialThenFail(bytes, errno)),
            7 => (DiskOperationKind.Write, FaultAction.Short(bytes)),
            8 => (DiskOperationKind.Write, FaultAction.ReturnZero),
            9 => (DiskOperationKind.Read, FaultAction.Fail()),
            10 => (DiskOperationKind.SyncDirectory, FaultAction.FailSync(sync)),
            11 => (DiskOperationKind.Rename, FaultAction.Fail()),
            12 => (DiskOperationKind.Delete, FaultAction.Fail()),
            _ => (DiskOperationKind.Create, FaultAction.Fail(errno)),
        };
        bool atSegments = random.OneIn(2);
        world.Note($"arm {action.Kind} {action.Errno} at {kind}" + (atSegments ? " of a named segment" : ""));
        world.Arm(
            operation => operation.Kind == kind
                && (!atSegments || operation.Name.Length == 0
                    || operation.Name.EndsWith(".wal", StringComparison.Ordinal)),
            action,
            random.Next(1, random.OneIn(2) ? 4 : 20));
    }

    // From some call on, a few writes and syncs in a row fail: those that other threads make meanwhile, too.
    private static void ArmDeadDevice(CrashWorld world)
    {
        int nth = world.Random.Next(1, 6);
        world.Note($"arm a dead device at call {nth}");
        for (int i = 0; i < 3; i++)
        {
            world.Arm(operation => operation.Kind == DiskOperationKind.Write, FaultAction.Fail(), nth);
            world.Arm(operation => operation.Kind == DiskOperationKind.Sync, FaultAction.FailSync(), 1);
        }
    }

    private static void ArmCrash(CrashWorld world)
    {
        SeededRandom random = world.Random;
        var phase = (CrashPhase)random.Next(3);
        bool atNames = random.OneIn(3);
        int nth = random.Next(1, atNames ? 6 : random.OneIn(2) ? 12 : 70);
        world.Note($"arm crash {phase} at mutation {nth}" + (atNames ? " of names or by a sync" : ""));
        world.Arm(
            operation => operation.IsMutation && (!atNames || operation.Kind != DiskOperationKind.Write),
            FaultAction.Crash(phase),
            nth);
        if (random.OneIn(3))
        {
            bool isPowerCut = random.OneIn(2);
            world.Note(isPowerCut ? "power cut" : "kill");
            world.Crash(isPowerCut);
        }
    }
}
