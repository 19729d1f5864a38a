using System.Diagnostics.CodeAnalysis;
using LoraWal;
using LoraWal.Extensions.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

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
}
