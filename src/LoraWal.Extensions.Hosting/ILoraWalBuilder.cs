namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures one log of the host.</summary>
public interface ILoraWalBuilder
{
    /// <summary>The name of the log's options: empty for the log of <c>AddLoraWal</c>, the key for a keyed
    /// one.</summary>
    string Name { get; }

    /// <summary>Where the log is registered.</summary>
    IServiceCollection Services { get; }
}
