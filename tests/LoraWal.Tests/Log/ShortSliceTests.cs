using LoraWal.Log;

namespace LoraWal.Tests.Log;

public class ShortSliceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Version FirstKernel = new(6, 12);

    [Fact]
    public void The_thread_of_a_worker_asks_for_a_short_slice_and_the_threads_that_it_starts_get_none()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux()
            && Environment.OSVersion.Version >= FirstKernel
            && ShortSlice.Current() is not null,
            "Slices of a thread's own exist from Linux 6.12 on.");
        ulong? usual = ShortSlice.Current();
        var target = new Target();
        using IWorker worker = ThreadWorkScheduler.Instance.CreateWorker("test", target, static target => target.Run());

        worker.Request();

        Assert.True(target.HasRun.Wait(Patience));
        Assert.Equal(ShortSlice.Nanoseconds, target.Own);
        Assert.Equal(usual, target.OfChild);
        Assert.True(usual > ShortSlice.Nanoseconds);
    }

    private sealed class Target
    {
        public SemaphoreSlim HasRun { get; } = new(0);

        public ulong? Own { get; private set; }

        public ulong? OfChild { get; private set; }

        public void Run()
        {
            Own = ShortSlice.Current();
            var child = new Thread(() => OfChild = ShortSlice.Current());
            child.Start();
            child.Join();
            HasRun.Release();
        }
    }
}
