namespace LoraWal.Extensions.Hosting;

/// <summary>A consumer of one log.</summary>
/// <param name="Key">The log's key.</param>
/// <param name="Name">The consumer's name, which is its cursor's.</param>
/// <param name="Resolve">Gets the consumer.</param>
internal sealed record ConsumerRegistration(string Key, string Name, Func<IServiceProvider, IWalConsumer> Resolve)
{
    /// <summary>What its options are registered under.</summary>
    public string OptionsName => OptionsNameOf(Key, Name);

    /// <summary>Where its settings lie in the configuration.</summary>
    public string SectionPath => Key.Length == 0
        ? $"{LoraWalConfiguration.SectionName}:Consumers:{Name}"
        : $"{LoraWalConfiguration.SectionName}:Logs:{Key}:Consumers:{Name}";

    // A key never contains a colon.
    private static string OptionsNameOf(string key, string name) => $"{key}:{name}";
}
