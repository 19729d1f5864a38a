using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace WorkerSample.Tests;

/// <summary>The service on a port that the system picks, with a directory of its own.</summary>
internal sealed class RunningSample : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private RunningSample(WebApplication app)
    {
        _app = app;
        _client = new HttpClient
        {
            BaseAddress = new Uri(
                app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()),
        };
    }

    public static async Task<RunningSample> StartAsync(
        string directory, Action<IServiceCollection>? replace = null, params string[] settings)
    {
        WebApplication app = WorkerApp.Build(
            [
                "--Urls=http://127.0.0.1:0",
                $"--LoraWal:Directory={directory}",
                "--Readings:Enabled=false",
                "--Logging:LogLevel:Default=None",
                .. settings,
            ],
            replace);
        await app.StartAsync();
        return new RunningSample(app);
    }

    public async Task<(int Status, JsonElement Body)> PostAsync(
        string body, string contentType = "application/json", string query = "")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        using HttpResponseMessage response = await _client.PostAsync(
            new Uri("/events" + query, UriKind.Relative), content);
        return await ReadAsync(response);
    }

    public async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return await ReadAsync(response);
    }

    public async Task<(int Status, JsonElement Body)> PostToAsync(string path)
    {
        using HttpResponseMessage response = await _client.PostAsync(new Uri(path, UriKind.Relative), null);
        return await ReadAsync(response);
    }

    /// <summary>What the sink has, once it has the event of an LSN. Events are forwarded in the background.</summary>
    public async Task<JsonElement> WaitForSinkAsync(ulong last)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        JsonElement sink = default;
        do
        {
            sink = (await GetAsync("/sink")).Body;
        }
        while (sink.GetProperty("last").GetUInt64() < last && await look.WaitForNextTickAsync(limit.Token));
        return sink;
    }

    public async Task<string> StateAsync() => (await GetAsync("/state")).Body.GetRawText();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static async Task<(int Status, JsonElement Body)> ReadAsync(HttpResponseMessage response) => (
        (int)response.StatusCode,
        JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()));
}
