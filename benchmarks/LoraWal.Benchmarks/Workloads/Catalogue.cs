using LoraWal.Benchmarks.Peers;

namespace LoraWal.Benchmarks.Workloads;

/// <summary>All workloads of a run, in the order in which they run.</summary>
internal static class Catalogue
{
    private const int Small = 100;
    private const int Medium = 1024;
    private const int Large = 16 * 1024;

    public static IEnumerable<IWorkload> Of(Plan plan) =>
        Durable(plan).Concat(Relaxed(plan)).Concat(Reading(plan));

    private static IEnumerable<IWorkload> Durable(Plan plan)
    {
        int[] sizes = plan.IsQuick ? [Small] : [Small, Medium];
        foreach (int size in plan.IsQuick ? sizes : [.. sizes, Large])
        {
            yield return new AppendWorkload(plan, Promise.Durable, 1, size);
        }

        foreach (int size in sizes)
        {
            foreach (int writers in size == Small ? [16, 64, 256, 1024] : new[] { 64, 256 })
            {
                yield return new AppendWorkload(plan, Promise.Durable, writers, size) { IsAsync = true };
            }
        }

        foreach (int size in sizes)
        {
            foreach (int records in new[] { 10, 100 })
            {
                yield return new AppendWorkload(plan, Promise.Durable, 1, size) { TransactionRecords = records };
            }
        }
    }

    private static IEnumerable<IWorkload> Relaxed(Plan plan)
    {
        foreach (Promise promise in new[] { Promise.Written, Promise.Buffered })
        {
            foreach (int size in plan.IsQuick ? [Small] : new[] { Small, Medium })
            {
                foreach (int callers in new[] { 1, 4 })
                {
                    yield return new AppendWorkload(plan, promise, callers, size);
                    if (size == Small)
                    {
                        yield return new AppendWorkload(plan, promise, callers, size) { IsAsync = true };
                    }
                }
            }

            yield return new SlowSyncWorkload(plan, promise);
        }
    }

    private static IEnumerable<IWorkload> Reading(Plan plan)
    {
        const long Million = 1_000_000;
        foreach (long records in plan.IsQuick ? [Million] : new[] { Million, 10 * Million })
        {
            yield return new ReplayWorkload(plan, records, OneByOne: false);
            yield return new ReplayWorkload(plan, records, OneByOne: true);
        }

        foreach (int megabytes in plan.IsQuick ? [100] : new[] { 100, 2000 })
        {
            yield return new OpenWorkload(plan, megabytes, AfterKill: false);
            yield return new OpenWorkload(plan, megabytes, AfterKill: true);
        }
    }
}
