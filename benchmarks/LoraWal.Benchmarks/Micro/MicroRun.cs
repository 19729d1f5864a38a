using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace LoraWal.Benchmarks.Micro;

internal static class MicroRun
{
    public static void Run(string[] arguments)
    {
        using WorkDirectory artifacts = new(null);

        // In this process: the projects that the tool would generate do not fit the repository's build settings.
        IConfig config = ManualConfig.Create(DefaultConfig.Instance)
            .WithArtifactsPath(artifacts.Path)
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        BenchmarkSwitcher.FromTypes([typeof(RecordBenchmarks), typeof(AppendBenchmarks)])
            .Run(arguments.Length == 0 ? ["--filter", "*"] : arguments, config);
    }
}
