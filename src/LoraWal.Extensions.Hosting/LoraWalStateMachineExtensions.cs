using System.Diagnostics.CodeAnalysis;
using LoraWal;
using LoraWal.Extensions.Hosting;
using LoraWal.Segments;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds state machines to a log of the host.</summary>
public static class LoraWalStateMachineExtensions
{
    /// <summary>Adds a state machine: its state is brought back before any service starts, from its newest snapshot and
    /// the records above it, and follows the log from then on.</summary>
    /// <typeparam name="T">The machine; registered as a singleton unless it is registered already.</typeparam>
    /// <param name="builder">The log.</param>
    /// <param name="name">The machine's name: of its snapshots, and of its section
    /// <c>LoraWal:StateMachines:{name}</c> (keyed log: then <c>LoraWal:Logs:{key}:StateMachines:{name}</c>, on
    /// top). Two machines of one name stop the start.</param>
    /// <param name="configure">Runs after the sections are bound.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// Services get it as <see cref="IWalStateMachineHost{T}"/>, of a keyed log under the log's key. Calls before the
    /// log runs throw <see cref="InvalidOperationException"/>. When the host stops, the last snapshot is taken after
    /// every service has stopped, unless the host's time to stop is over. Of a log that is switched off, records are
    /// applied in memory with <see cref="Lsn.None"/>, and kept nowhere.
    /// </remarks>
    /// <exception cref="ArgumentException">The name is not 1 to 64 of a to z, 0 to 9 and '-'.</exception>
    public static ILoraWalBuilder AddStateMachine<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this ILoraWalBuilder builder,
        string name = SnapshotName.DefaultMachine,
        Action<SnapshotOptions>? configure = null)
        where T : class, IWalStateMachine
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        if (!SnapshotName.IsMachineName(name))
        {
            throw new ArgumentException(
                $"'{name}' names files: it must be 1 to 64 of a to z, 0 to 9 and '-'.", nameof(name));
        }

        string key = builder.Name;
        IServiceCollection services = builder.Services;
        services.TryAddSingleton<T>();
        AddSettings(services, key, name, configure);
        (string, string) identity = (key, name);
        services.AddKeyedSingleton(identity, (provider, _) => new HostedMachine<T>(
            provider.GetRequiredKeyedService<HostedLog>(key),
            (key.Length == 0 ? null : provider.GetKeyedService<T>(key)) ?? provider.GetRequiredService<T>(),
            name,
            () => provider.GetRequiredService<IOptionsMonitor<SnapshotOptions>>()
                .Get(MachineConfiguration.OptionsNameOf(key, name))));
        services.AddSingleton(new StateMachineRegistration(
            key, name, typeof(T), provider => provider.GetRequiredKeyedService<HostedMachine<T>>(identity)));
        if (key.Length == 0)
        {
            services.AddSingleton<IWalStateMachineHost<T>>(
                provider => provider.GetRequiredKeyedService<HostedMachine<T>>(identity));
        }
        else
        {
            services.AddKeyedSingleton<IWalStateMachineHost<T>>(
                key, (provider, _) => provider.GetRequiredKeyedService<HostedMachine<T>>(identity));
        }

        return builder;
    }

    private static void AddSettings(
        IServiceCollection services, string key, string name, Action<SnapshotOptions>? configure)
    {
        string optionsName = MachineConfiguration.OptionsNameOf(key, name);
        services.AddOptions<SnapshotOptions>(optionsName)
            .Configure<IServiceProvider>((options, provider) => ConfigurationOf(provider, key, name).Bind(options))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<SnapshotOptions>>(
            provider => ConfigurationOf(provider, key, name));
        if (configure is not null)
        {
            services.Configure(optionsName, configure);
        }
    }

    private static MachineConfiguration ConfigurationOf(IServiceProvider provider, string key, string name) =>
        new(key, name, provider.GetService<IConfiguration>());
}
