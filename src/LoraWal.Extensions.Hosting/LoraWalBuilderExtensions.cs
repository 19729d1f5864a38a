using System.Diagnostics.CodeAnalysis;
using LoraWal;
using LoraWal.Cursors;
using LoraWal.Extensions.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds to one log of the host.</summary>
public static class LoraWalBuilderExtensions
{
    /// <summary>Adds a target that rebuilds its state from the log before any service starts.</summary>
    /// <typeparam name="T">The target; registered as a singleton unless it is registered already.</typeparam>
    /// <param name="builder">The log.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// A log with a key takes the <typeparamref name="T"/> registered under that key, if there is one, else the one
    /// without: two logs that share a target type need two keyed registrations. Of a log that is switched off, targets
    /// load their own state and get nothing to apply.
    /// </remarks>
    public static ILoraWalBuilder AddReplayTarget<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(this ILoraWalBuilder builder)
        where T : class, IReplayTarget
    {
        ArgumentNullException.ThrowIfNull(builder);
        string key = builder.Name;
        if (builder.Services.Any(service => service is { IsKeyedService: false }
            && service.ImplementationInstance is ReplayTargetRegistration known
            && known.Key == key && known.TargetType == typeof(T)))
        {
            return builder;
        }

        builder.Services.TryAddSingleton<T>();
        builder.Services.AddSingleton(new ReplayTargetRegistration(
            key,
            typeof(T),
            provider => (key.Length == 0 ? null : provider.GetKeyedService<T>(key))
                ?? provider.GetRequiredService<T>()));
        return builder;
    }

    /// <summary>Adds a consumer, which gets every record at least once, in order, from where it left off.</summary>
    /// <typeparam name="T">The consumer; registered as a singleton unless it is registered already. One registered
    /// under the key <paramref name="name"/> goes first.</typeparam>
    /// <param name="builder">The log.</param>
    /// <param name="name">1 to 64 of a-z, 0-9 and '-'. Its position is kept under that name: another name begins
    /// anew, and one that is not used any more holds back truncation until its cursor is dropped.</param>
    /// <param name="configure">Runs after the section <c>LoraWal:Consumers:{name}</c> is bound, of a keyed log
    /// <c>LoraWal:Logs:{key}:Consumers:{name}</c>.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// It starts once the log is open and has ended before the log closes. A batch that fails is handed over again by
    /// the resilience pipeline <c>lorawal-consume-{name}</c> if the host has registered one, else by
    /// <c>lorawal-consume</c>, else by one with the limits of the options. What fails for good stops the consumer, or
    /// goes to the log <see cref="WalConsumerOptions.DeadLetter"/>. Of a log that is switched off, consumers do not
    /// run.
    /// </remarks>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    /// <exception cref="InvalidOperationException">The log has a consumer of that name already.</exception>
    public static ILoraWalBuilder AddConsumer<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this ILoraWalBuilder builder, string name, Action<WalConsumerOptions>? configure = null)
        where T : class, IWalConsumer
    {
        ArgumentNullException.ThrowIfNull(builder);
        CursorName.ThrowIfInvalid(name);
        IServiceCollection services = builder.Services;
        if (services.Any(service => service is { IsKeyedService: false }
            && service.ImplementationInstance is ConsumerRegistration known
            && known.Key == builder.Name && known.Name == name))
        {
            throw new InvalidOperationException(
                $"The log has a consumer '{name}' already. Two under one name would each miss what the other "
                + "acknowledges: give each its own.");
        }

        services.TryAddSingleton<T>();
        Add(services, new ConsumerRegistration(
            builder.Name,
            name,
            provider => provider.GetKeyedService<T>(name) ?? provider.GetRequiredService<T>()));
        if (configure is not null)
        {
            services.Configure($"{builder.Name}:{name}", configure);
        }

        return builder;
    }

    private static void Add(IServiceCollection services, ConsumerRegistration consumer)
    {
        services.AddSingleton(consumer);
        services.AddOptions<WalConsumerOptions>(consumer.OptionsName)
            .Configure<IServiceProvider>((options, provider) =>
            {
                if (provider.GetService<IConfiguration>() is { } configuration)
                {
                    configuration.GetSection(consumer.SectionPath).Bind(options);
                }
            })
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<WalConsumerOptions>>(
            provider => new WalConsumerOptionsValidator(consumer, provider));
        services.AddSingleton<IHostedService>(provider => new ConsumerService(
            consumer,
            provider.GetRequiredKeyedService<HostedLog>(consumer.Key),
            provider,
            provider.GetService<ILoggerFactory>()?.CreateLogger<ConsumerService>()
                ?? NullLogger<ConsumerService>.Instance));
    }
}
