using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting;

/// <summary>Refuses bad settings of one consumer with their place in the configuration.</summary>
internal sealed class WalConsumerOptionsValidator(ConsumerRegistration consumer, IServiceProvider services)
    : IValidateOptions<WalConsumerOptions>
{
    private const long GiB = 1024 * 1024 * 1024;

    public ValidateOptionsResult Validate(string? name, WalConsumerOptions options)
    {
        if (name != consumer.OptionsName)
        {
            return ValidateOptionsResult.Skip;
        }

        List<string> failures = [];
        Check(failures, nameof(options.MaxRecords), options.MaxRecords,
            options.MaxRecords is >= 1 and <= 1_048_576, "from 1 to 1048576");
        Check(failures, nameof(options.MaxBytes), options.MaxBytes,
            options.MaxBytes is >= 1 and <= GiB, "from 1 to 1073741824 (1 GiB)");
        CheckTime(failures, nameof(options.Linger), options.Linger, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Check(failures, nameof(options.StartAt), options.StartAt, Enum.IsDefined(options.StartAt), "Oldest or Newest");
        Check(failures, nameof(options.OnDamaged), options.OnDamaged,
            Enum.IsDefined(options.OnDamaged), "Refuse, ResetToOldest or ResetToNewest");
        Check(failures, nameof(options.MaxLagBytes), options.MaxLagBytes,
            options.MaxLagBytes >= 0, "0 (never) or more");
        Check(failures, nameof(options.MaxRetryAttempts), options.MaxRetryAttempts,
            options.MaxRetryAttempts is >= 0 and <= 1_000_000, "from 0 to 1000000");
        CheckTime(failures, nameof(options.BaseDelay), options.BaseDelay,
            TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckTime(failures, nameof(options.MaxDelay), options.MaxDelay, options.BaseDelay, TimeSpan.FromHours(1));
        if (options.DeadLetter is { } target)
        {
            Check(failures, nameof(options.DeadLetter), $"'{target}'", IsOtherLog(target),
                "the key of another log, which AddKeyedLoraWal has added, and which is not switched off");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private bool IsOtherLog(string key) =>
        key.Length > 0 && key != consumer.Key
        && services.GetKeyedService<HostedLog>(key) is { } log && log.IsEnabled;

    private void CheckTime(List<string> failures, string setting, TimeSpan value, TimeSpan min, TimeSpan max) =>
        Check(failures, setting, value, value >= min && value <= max, $"from {min} to {max}");

    private void Check<T>(List<string> failures, string setting, T value, bool isAllowed, string rule)
    {
        if (!isAllowed)
        {
            failures.Add(string.Create(
                CultureInfo.InvariantCulture, $"{consumer.SectionPath}:{setting} is {value}; it must be {rule}."));
        }
    }
}
