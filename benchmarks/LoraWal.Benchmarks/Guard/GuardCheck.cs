namespace LoraWal.Benchmarks.Guard;

/// <summary>One ratio that a lost optimisation takes below its limit, and a noisy machine does not keep
/// there.</summary>
/// <param name="Work">What is compared, for people.</param>
/// <param name="AtLeast">The limit, far below what is measured with the optimisation, far above without.</param>
/// <param name="Lost">What is gone if it fails.</param>
/// <param name="MeasureAsync">Measures both sides, one right after the other: their ratio.</param>
internal sealed record GuardCheck(string Work, double AtLeast, string Lost, Func<Task<double>> MeasureAsync);
