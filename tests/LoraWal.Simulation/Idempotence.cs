using LoraWal.Storage;
using LoraWal.TestSupport;

namespace LoraWal.Simulation;

/// <summary>Recovers the same disk again, killed in the middle of the first attempt: the same log must come
/// out.</summary>
internal static class Idempotence
{
    public static void Check(SimulatedDisk before, List<WalTransaction> found, CrashWorld world)
    {
        var log = new TestLog(seed: 5, before);
        log.Options.SegmentTargetBytes = world.Log.Options.SegmentTargetBytes;
        log.Options.ReplayAfter = world.Log.Options.ReplayAfter;
        before.Faults = new FaultPlan()
            .CrashAtMutation(world.Random.Next(1, 40), (CrashPhase)world.Random.Next(3)).Decide;
        List<WalTransaction>? again = null;
        Dictionary<string, byte[]> torn = [];
        for (int i = 0; i < 2 && again is null; i++)
        {
            try
            {
                Wal wal = log.Open();
                before.Faults = null;
                again = CrashWorld.Collect(wal, default);
            }
            catch (SimulatedCrashException)
            {
                before.Faults = null;
                log.Kill();
                torn = before.Names.Where(Evidence.IsTorn).ToDictionary(name => name, before.ReadAll);
            }
            catch (Exception failure) when (
                before.CapacityBytes is not null && failure is StorageException or WalFullException)
            {
                return;
            }
        }

        Oracle.Require(
            again is not null
            && again.Select(transaction => transaction.LastLsn).SequenceEqual(found.Select(other => other.LastLsn)),
            $"a recovery killed in its middle and done again finds {again?.Count} transactions, not {found.Count}");
        foreach ((string name, byte[] bytes) in torn)
        {
            Oracle.Require(
                before.Names.Contains(name) && before.ReadAll(name).AsSpan().SequenceEqual(bytes),
                $"a recovery killed in its middle and done again has lost the evidence {name}");
        }
    }
}
