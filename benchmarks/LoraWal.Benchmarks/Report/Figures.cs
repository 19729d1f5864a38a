using System.Globalization;

namespace LoraWal.Benchmarks.Report;

/// <summary>Numbers for people: three digits, and a unit.</summary>
internal static class Figures
{
    public static string Rate(double value) => value switch
    {
        >= 1e6 => Digits(value / 1e6) + " M",
        >= 1e3 => Digits(value / 1e3) + " k",
        _ => Digits(value),
    };

    public static string Ratio(double? value) => value is double ratio ? Digits(ratio) : "";

    public static string Plain(double? value) => value is double number ? Digits(number) : "";

    private static string Digits(double value) => Math.Abs(value) switch
    {
        >= 99.95 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 0.0995 => value.ToString("0.00", CultureInfo.InvariantCulture),
        0 => "0",
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };
}
