using System.Globalization;
using LoraWal;

namespace WorkerSample;

/// <summary>Reads query parameters; a bad one is a 400.</summary>
internal static class Query
{
    public static bool Flag(HttpContext context, string name) => context.Request.Query[name].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        _ => throw new BadHttpRequestException($"'{name}' must be true or false."),
    };

    public static Lsn? Lsn(HttpContext context, string name)
    {
        string text = context.Request.Query[name].ToString();
        return text.Length == 0 ? null
            : LoraWal.Lsn.TryParse(text, out Lsn lsn) ? lsn
            : throw new BadHttpRequestException($"'{name}' must be an LSN.");
    }

    public static int Number(HttpContext context, string name, int otherwise, int min, int max)
    {
        string text = context.Request.Query[name].ToString();
        return text.Length == 0 ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number >= min && number <= max ? number
            : throw new BadHttpRequestException($"'{name}' must be a number from {min} to {max}.");
    }
}
