using LoraWal.Interleavings.Controlled;
using LoraWal.TestSupport;

namespace LoraWal.Interleavings.Scenarios;

/// <summary>Scenarios. Their copies run under Coyote.</summary>
internal static class CommitScenarios
{
    public static async Task Appenders_and_a_tick()
    {
        TestLog log = new() { OtherWork = new ControlledWork(), Options = { SyncMode = SyncMode.PerCommit } };
        Wal wal = log.Open();
        var tasks = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            Lsn lsn = wal.Append(new byte[10]);
            if (wal.Status.DurableLsn < lsn) throw new InvalidOperationException("not durable");
        })).ToList();
        tasks.Add(Task.Run(() => wal.FlushTick()));
        await Task.WhenAll(tasks);
        await wal.CloseAsync();
    }
}
