// Measures LoraWal, what else a .NET service could use, and the floor: the same bytes by bare system calls. Read the
// ratios: absolute figures belong to the machine and its mood.

using LoraWal.Benchmarks;

return await Commands.RunAsync(args);
