using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting;

/// <summary>Where the settings of a state machine lie in the configuration, and how bad ones are refused.</summary>
//
//   default log        LoraWal:StateMachines:{name}        then the caller's action
//   log with a key     the same, then LoraWal:Logs:{key}:StateMachines:{name}, then the caller's action
internal sealed class MachineConfiguration(string key, string name, IConfiguration? configuration)
    : IValidateOptions<SnapshotOptions>
{
    private string CommonPath => $"{LoraWalConfiguration.SectionName}:StateMachines:{name}";

    private string OverlayPath => $"{LoraWalConfiguration.SectionName}:Logs:{key}:StateMachines:{name}";

    /// <summary>The name of the machine's options.</summary>
    public static string OptionsNameOf(string key, string name) => $"{key}:{name}";

    public void Bind(SnapshotOptions options)
    {
        // The binder must not touch the key; that a section names it is refused below.
        ReadOnlyMemory<byte> encryptionKey = options.EncryptionKey;
        if (configuration is not null)
        {
            configuration.GetSection(CommonPath).Bind(options);
            if (key.Length > 0)
            {
                configuration.GetSection(OverlayPath).Bind(options);
            }
        }

        options.EncryptionKey = encryptionKey;
    }

    public ValidateOptionsResult Validate(string? optionsName, SnapshotOptions options)
    {
        if (optionsName != OptionsNameOf(key, name))
        {
            return ValidateOptionsResult.Skip;
        }

        List<string> failures = [];
        if (IsSet(CommonPath, nameof(options.EncryptionKey)) || IsSet(OverlayPath, nameof(options.EncryptionKey)))
        {
            failures.Add($"{PathOf(nameof(options.EncryptionKey))} must not be in the configuration: EncryptionKey is "
                + "set in code only.");
        }

        foreach ((string setting, object? value, string range) in SnapshotOptionsCheck.Violations(options))
        {
            failures.Add(string.Create(
                CultureInfo.InvariantCulture, $"{PathOf(setting)} is {value}; it must be {range}."));
        }

        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }

    private string PathOf(string setting) =>
        key.Length == 0 || (!IsSet(OverlayPath, setting) && IsSet(CommonPath, setting))
            ? $"{CommonPath}:{setting}"
            : $"{OverlayPath}:{setting}";

    private bool IsSet(string path, string setting) =>
        configuration?.GetSection($"{path}:{setting}").Exists() ?? false;
}
