using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace WorkerSample;

/// <summary>Writes a health report with the data of each check.</summary>
internal static class HealthJson
{
    public static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteString("status", report.Status.ToString());
        writer.WriteStartObject("checks");
        foreach ((string name, HealthReportEntry entry) in report.Entries)
        {
            writer.WriteStartObject(name);
            writer.WriteString("status", entry.Status.ToString());
            writer.WriteString("description", entry.Description);
            writer.WriteStartObject("data");
            foreach ((string key, object value) in entry.Data)
            {
                Write(writer, key, value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string key, object value)
    {
        switch (value)
        {
            case long number: writer.WriteNumber(key, number); break;
            case ulong number: writer.WriteNumber(key, number); break;
            case double number: writer.WriteNumber(key, number); break;
            default: writer.WriteString(key, value.ToString()); break;
        }
    }
}
