namespace LoraWal.Extensions.Hosting;

/// <summary>One state machine of one log.</summary>
internal sealed record StateMachineRegistration(
    string Key, string Name, Type MachineType, Func<IServiceProvider, IHostedMachine> Resolve);
