namespace LoraWal.Extensions.Hosting;

/// <summary>One replay target of one log.</summary>
internal sealed record ReplayTargetRegistration(
    string Key, Type TargetType, Func<IServiceProvider, IReplayTarget> Resolve);
