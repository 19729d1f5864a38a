// Prints how fast this machine's disk takes records through LoraWal, beside the same bytes by bare system calls in the
// same run ("floor"). Read the ratios: absolute figures belong to the machine and its mood.
//
//   dotnet run -c Release --project benchmarks/LoraWal.Benchmarks [-- --quick] [-- --dir DIRECTORY]

using LoraWal.Benchmarks;

bool isQuick = args.Contains("--quick");
int at = Array.IndexOf(args, "--dir");
string root = Path.GetFullPath(at >= 0 ? args[at + 1] : Path.Combine(AppContext.BaseDirectory, "bench-data"));
Directory.CreateDirectory(root);
try
{
    var run = new BenchmarkRun(root, isQuick ? TimeSpan.FromSeconds(0.5) : TimeSpan.FromSeconds(2), isQuick ? 3 : 5);
    return await run.RunAsync();
}
finally
{
    Directory.Delete(root, recursive: true);
}
