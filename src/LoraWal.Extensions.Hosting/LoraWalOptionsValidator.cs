using System.Globalization;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting;

/// <summary>The checks that the annotations of the options stand for, generated.</summary>
[OptionsValidator]
internal sealed partial class LoraWalAnnotationsValidator : IValidateOptions<LoraWalOptions>;

/// <summary>Refuses bad settings with their place in the configuration, their value and what is allowed.</summary>
internal sealed class LoraWalOptionsValidator(
    string key,
    LoraWalConfiguration configuration,
    IEnumerable<StateMachineRegistration> machines,
    IEnumerable<ReplayTargetRegistration> targets)
    : IValidateOptions<LoraWalOptions>
{
    private static readonly LoraWalAnnotationsValidator Annotations = new();
    private static readonly string[] CodeOnly = [nameof(WalOptions.ReplayAfter), nameof(WalOptions.RecordTypes)];

    public ValidateOptionsResult Validate(string? name, LoraWalOptions options)
    {
        if (name != key)
        {
            return ValidateOptionsResult.Skip;
        }

        List<string> failures = [];
        (string Name, object? Section)[] sections =
        [
            (nameof(options.Open), options.Open),
            (nameof(options.Health), options.Health),
            (nameof(options.Retention), options.Retention),
        ];
        if (Array.Find(sections, item => item.Section is null) is { Name: { } missing })
        {
            Fail(failures, missing, "null", "a section");
            return ValidateOptionsResult.Fail(failures);
        }

        CheckLog(failures, options);
        CheckOpen(failures, options.Open);
        CheckHealth(failures, options.Health);
        CheckRetention(failures, options);

        if (failures.Count > 0)
        {
            return ValidateOptionsResult.Fail(failures);
        }

        // The annotations say nothing that is not checked above, in better words; they are the net below it. They
        // require a directory, which a log that is switched off does not need.
        return options.Enabled ? Annotations.Validate(name, options) : ValidateOptionsResult.Success;
    }

    private void CheckLog(List<string> failures, LoraWalOptions options)
    {
        foreach (string setting in CodeOnly)
        {
            if (configuration.Names(setting))
            {
                failures.Add($"{configuration.PathOf(setting)} must not be in the configuration: {setting} is set in "
                    + "code only.");
            }
        }

        foreach ((string setting, object? value, string range) in WalOptionsCheck.Violations(options))
        {
            if (options.Enabled || setting != nameof(options.Directory))
            {
                Fail(failures, setting, value is null or string ? Quote((string?)value) : value, range);
            }
        }

        Check(failures, nameof(options.OnPoisoned), options.OnPoisoned,
            Enum.IsDefined(options.OnPoisoned), "None or StopHost");
        Check(failures, nameof(options.PoisonedExitCode), options.PoisonedExitCode,
            options.PoisonedExitCode is >= 1 and <= 255, "from 1 to 255");
    }

    private void CheckOpen(List<string> failures, LoraWalOpenOptions open)
    {
        Check(failures, "Open:MaxRetryAttempts", open.MaxRetryAttempts,
            open.MaxRetryAttempts is >= 0 and <= 1000, "from 0 to 1000");
        CheckTime(failures, "Open:BaseDelay", open.BaseDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckTime(failures, "Open:MaxDelay", open.MaxDelay, open.BaseDelay, TimeSpan.FromMinutes(10));
        CheckTime(failures, "Open:Timeout", open.Timeout, TimeSpan.Zero, TimeSpan.FromDays(1));
    }

    private void CheckHealth(List<string> failures, LoraWalHealthOptions health)
    {
        Check(failures, "Health:StallDegraded", health.StallDegraded,
            health.StallDegraded > TimeSpan.Zero, "above zero");
        Check(failures, "Health:StallUnhealthy", health.StallUnhealthy,
            health.StallUnhealthy >= health.StallDegraded, $"at least StallDegraded ({health.StallDegraded})");
        Check(failures, "Health:MinFreeBytesDegraded", health.MinFreeBytesDegraded,
            health.MinFreeBytesDegraded >= 0, "0 (never) or more");
        Check(failures, "Health:MinFreeBytesUnhealthy", health.MinFreeBytesUnhealthy,
            health.MinFreeBytesUnhealthy >= 0
                && (health.MinFreeBytesDegraded == 0 || health.MinFreeBytesUnhealthy <= health.MinFreeBytesDegraded),
            $"from 0 (never) to MinFreeBytesDegraded ({health.MinFreeBytesDegraded})");
    }

    private void CheckRetention(List<string> failures, LoraWalOptions options)
    {
        WalRetentionOptions retention = options.Retention;
        foreach ((string setting, object value, string range) in retention.Violations())
        {
            Fail(failures, $"Retention:{setting}", value, range);
        }

        Check(failures, "Retention:MaxBytes", retention.MaxBytes,
            retention.MaxBytes <= 0 || retention.MaxBytes >= options.SegmentTargetBytes,
            $"0 (no limit), or at least SegmentTargetBytes ({options.SegmentTargetBytes})");
        Check(failures, "Retention:MaxBytes", retention.MaxBytes,
            retention.MaxBytes <= 0 || options.MaxLogBytes <= 0 || retention.MaxBytes < options.MaxLogBytes,
            $"below MaxLogBytes ({options.MaxLogBytes}), or the log is full before retention makes room");
        // Two rules for what may go would end in a gap.
        if (machines.FirstOrDefault(machine => machine.Key == key) is not { } machine)
        {
            return;
        }

        if (targets.FirstOrDefault(target => target.Key == key) is { } target)
        {
            failures.Add($"{configuration.PathOf("Directory")}: the log has the replay target "
                + $"{target.TargetType.Name}, but the state machine '{machine.Name}' truncates the log behind its "
                + "snapshots, which the target may need. Make the target a state machine, or give it a log of its "
                + "own.");
        }

        if (retention.HasLimit)
        {
            failures.Add($"{configuration.PathOf("Retention")} sets a limit, but the state machine '{machine.Name}' "
                + "truncates the log behind its snapshots. Remove the limits, or the state machine.");
        }
    }

    private void CheckTime(List<string> failures, string setting, TimeSpan value, TimeSpan min, TimeSpan max) =>
        Check(failures, setting, value, value >= min && value <= max, $"from {min} to {max}");

    private void Check<T>(List<string> failures, string setting, T value, bool allowed, string rule)
    {
        if (!allowed)
        {
            Fail(failures, setting, value, rule);
        }
    }

    private void Fail<T>(List<string> failures, string setting, T value, string rule) => failures.Add(string.Create(
        CultureInfo.InvariantCulture, $"{configuration.PathOf(setting)} is {value}; it must be {rule}."));

    private static string Quote(string? value) => value is null ? "not set" : $"'{value}'";
}
