using System.Diagnostics.Metrics;
using LoraWal;
using LoraWal.Extensions.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Registry;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds LoraWal logs to a host.</summary>
/// <remarks>
/// <para>The host opens and replays every log before any service's <c>StartAsync</c>, and closes it after every
/// service has stopped. Each log has the health checks <c>lorawal-live</c> (tag <c>live</c>) and <c>lorawal-ready</c>
/// (tag <c>ready</c>); those of a keyed log end in <c>-{name}</c>.</para>
/// <para>Opening runs in the resilience pipeline <c>lorawal-open</c> (keyed: <c>lorawal-open-{name}</c>). To replace
/// it, register one of that name, by <c>services.AddResiliencePipeline("lorawal-open", ...)</c>.</para>
/// </remarks>
public static class LoraWalServiceCollectionExtensions
{
    /// <summary>Adds the default log, with the settings of the section <c>LoraWal</c>.</summary>
    /// <param name="services">The host's services.</param>
    /// <returns>The log, to add replay targets to.</returns>
    public static ILoraWalBuilder AddLoraWal(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Add(services, "", configure: null);
    }

    /// <summary>Adds the default log, with the settings of the section <c>LoraWal</c>, then those of
    /// code.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Runs after the section is bound.</param>
    /// <returns>The log, to add replay targets to.</returns>
    public static ILoraWalBuilder AddLoraWal(this IServiceCollection services, Action<LoraWalOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, "", configure);
    }

    /// <summary>Adds a log under a key: <c>[FromKeyedServices(name)] IWal</c>.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="name">The key. Also the log's name, and its directory's below the common one, unless the section
    /// <c>LoraWal:Logs:{name}</c>, which is bound after <c>LoraWal</c>, says otherwise.</param>
    /// <returns>The log, to add replay targets to.</returns>
    /// <exception cref="ArgumentException">The name is empty, or cannot be a directory's.</exception>
    public static ILoraWalBuilder AddKeyedLoraWal(this IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        CheckName(name);
        return Add(services, name, configure: null);
    }

    /// <inheritdoc cref="AddKeyedLoraWal(IServiceCollection, string)"/>
    /// <param name="services">The host's services.</param>
    /// <param name="name">The key, the log's name and its directory's.</param>
    /// <param name="configure">Runs after the sections are bound.</param>
    public static ILoraWalBuilder AddKeyedLoraWal(
        this IServiceCollection services, string name, Action<LoraWalOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        CheckName(name);
        return Add(services, name, configure);
    }

    private static void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name is "." or ".." || name.AsSpan().ContainsAny('/', '\\', ':'))
        {
            throw new ArgumentException(
                $"'{name}' names a directory and a configuration section: it must not be '.' or '..' or contain "
                + "'/', '\\' or ':'.",
                nameof(name));
        }
    }

    private static LoraWalBuilder Add(IServiceCollection services, string key, Action<LoraWalOptions>? configure)
    {
        // A second call adds its settings to the log of the first one.
        if (!services.Any(service => service.ServiceType == typeof(HostedLog) && Equals(service.ServiceKey, key)))
        {
            AddSettings(services, key);
            AddLog(services, key);
            AddHostedServices(services, key);
            AddHealthChecks(services, key);
        }

        if (configure is not null)
        {
            services.Configure(key, configure);
        }

        return new LoraWalBuilder(key, services);
    }

    private static void AddSettings(IServiceCollection services, string key)
    {
        services.AddOptions<LoraWalOptions>(key)
            .Configure<IServiceProvider>((options, provider) => ConfigurationOf(provider, key).Bind(options))
            .PostConfigure<IServiceProvider>((options, provider) => Root(options, provider))
            .PostConfigure<IServiceProvider>((options, provider) => AddRecordTypes(options, provider, key))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<LoraWalOptions>>(
            provider => new LoraWalOptionsValidator(
                key,
                ConfigurationOf(provider, key),
                provider.GetServices<StateMachineRegistration>(),
                provider.GetServices<ReplayTargetRegistration>()));
    }

    private static void AddLog(IServiceCollection services, string key)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddResiliencePipelineRegistry<string>();
        services.TryAddSingleton<IWalOpener>(provider => new EngineWalOpener(
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>()));
        services.AddKeyedSingleton(key, (provider, _) => new HostedLog(
            key,
            provider.GetRequiredService<IOptionsMonitor<LoraWalOptions>>(),
            LoggerOf<HostedLog>(provider)));
        services.AddKeyedSingleton(key, (provider, _) => new WalFront(HostedLogOf(provider, key)));
        if (key.Length == 0)
        {
            services.AddSingleton<IWal>(provider => provider.GetRequiredKeyedService<WalFront>(key));
            services.AddSingleton<IWalRecovery>(provider => provider.GetRequiredKeyedService<WalFront>(key));
        }
        else
        {
            services.AddKeyedSingleton<IWal>(key, (provider, _) => provider.GetRequiredKeyedService<WalFront>(key));
            services.AddKeyedSingleton<IWalRecovery>(
                key, (provider, _) => provider.GetRequiredKeyedService<WalFront>(key));
        }
    }

    // ORDER: the opener first. A host that starts one service after the other opens before it flushes; stopping goes
    // the other way.
    private static void AddHostedServices(IServiceCollection services, string key)
    {
        services.AddSingleton<IHostedService>(provider => new LogOpenService(
            key,
            HostedLogOf(provider, key),
            new OpenPipeline(
                key,
                HostedLogOf(provider, key),
                provider.GetRequiredService<IWalOpener>(),
                provider.GetRequiredService<ResiliencePipelineRegistry<string>>(),
                provider.GetRequiredService<TimeProvider>(),
                LoggerOf<OpenPipeline>(provider)),
            new PoisonResponse(
                HostedLogOf(provider, key),
                provider.GetService<IHostApplicationLifetime>(),
                LoggerOf<PoisonResponse>(provider)),
            new HostMeter(HostedLogOf(provider, key), provider.GetService<IMeterFactory>()),
            LoggerOf<LogOpenService>(provider),
            provider));
        services.AddSingleton<IHostedService>(provider =>
        {
            HostedLog log = HostedLogOf(provider, key);
            return new GroupFlusherService(
                log, new FreeSpaceSampler(log, provider.GetRequiredService<TimeProvider>()));
        });
        services.AddSingleton<IHostedService>(provider => new RetentionService(
            HostedLogOf(provider, key),
            provider.GetServices<ReplayTargetRegistration>().Any(registration => registration.Key == key)));
    }

    private static void AddHealthChecks(IServiceCollection services, string key)
    {
        string suffix = key.Length == 0 ? "" : $"-{key}";
        services.AddHealthChecks()
            .Add(new HealthCheckRegistration(
                "lorawal-live" + suffix,
                provider => new LiveHealthCheck(HostedLogOf(provider, key)),
                null,
                ["live"]))
            .Add(new HealthCheckRegistration(
                "lorawal-ready" + suffix,
                provider => new ReadyHealthCheck(HostedLogOf(provider, key)),
                null,
                ["ready"]));
    }

    private static void Root(LoraWalOptions options, IServiceProvider provider)
    {
        if (!string.IsNullOrWhiteSpace(options.Directory)
            && provider.GetService<IHostEnvironment>() is { ContentRootPath: { Length: > 0 } root })
        {
            options.Directory = Path.Combine(root, options.Directory);
        }
    }

    // Into a copy: code that configures the options may hand out one registry again and again.
    private static void AddRecordTypes(LoraWalOptions options, IServiceProvider provider, string key)
    {
        if (options.RecordTypes is { } types
            && provider.GetServices<RecordTypesRegistration>().FirstOrDefault(known => known.Key == key) is { } known)
        {
            options.RecordTypes = types.With(known.Types);
        }
    }

    private static HostedLog HostedLogOf(IServiceProvider provider, string key) =>
        provider.GetRequiredKeyedService<HostedLog>(key);

    private static ILogger<T> LoggerOf<T>(IServiceProvider provider) =>
        provider.GetService<ILoggerFactory>()?.CreateLogger<T>() ?? NullLogger<T>.Instance;

    private static LoraWalConfiguration ConfigurationOf(IServiceProvider provider, string key) =>
        new(key, provider.GetService<IConfiguration>());
}
