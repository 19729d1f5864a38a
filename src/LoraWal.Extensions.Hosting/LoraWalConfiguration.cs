using Microsoft.Extensions.Configuration;

namespace LoraWal.Extensions.Hosting;

/// <summary>Where the settings of a log lie in the configuration, and how they get into its options.</summary>
//
//   default log        LoraWal                                      then the caller's action
//   log with a key     LoraWal, Name = key, Directory += key        then LoraWal:Logs:{key}, then the caller's action
internal sealed class LoraWalConfiguration(string key, IConfiguration? configuration)
{
    public const string SectionName = "LoraWal";

    private string OverlayPath => $"{SectionName}:Logs:{key}";

    public void Bind(LoraWalOptions options)
    {
        // The binder does not know an LSN and must not touch it; that a section names it is the validator's to refuse.
        Lsn replayAfter = options.ReplayAfter;
        WalRecordTypes recordTypes = options.RecordTypes;
        BindSection(SectionName, options);
        if (key.Length > 0)
        {
            options.Name = key;
            if (!string.IsNullOrWhiteSpace(options.Directory))
            {
                options.Directory = Path.Combine(options.Directory, key);
            }

            BindSection(OverlayPath, options);
        }

        options.ReplayAfter = replayAfter;
        options.RecordTypes = recordTypes;
    }

    /// <summary>The path of a setting, for messages: where it is set, or where it would best be.</summary>
    public string PathOf(string setting)
    {
        string overlaid = $"{OverlayPath}:{setting}";
        string common = $"{SectionName}:{setting}";
        return key.Length == 0 || (!IsSet(overlaid) && IsSet(common)) ? common : overlaid;
    }

    /// <summary>Whether any section of this log names a setting.</summary>
    public bool Names(string setting) =>
        IsSet($"{SectionName}:{setting}") || (key.Length > 0 && IsSet($"{OverlayPath}:{setting}"));

    private void BindSection(string path, LoraWalOptions options)
    {
        if (configuration is not null)
        {
            configuration.GetSection(path).Bind(options);
        }
    }

    private bool IsSet(string path) => configuration?.GetSection(path).Exists() ?? false;
}
