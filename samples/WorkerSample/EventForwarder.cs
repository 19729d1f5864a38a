using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using LoraWal;
using LoraWal.Extensions.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace WorkerSample;

/// <summary>Forwards the events to a sink over HTTP: at least once, in order, from where it left off.</summary>
/// <remarks>
/// While the sink does not answer, the log keeps what it has not got; the position survives a kill. Readings stay here.
/// The setting <c>Forward:Url</c> names the sink; without it, it is <see cref="Sink"/> in this very program.
/// </remarks>
internal sealed class EventForwarder(IWal wal, IServer server, IConfiguration configuration)
    : IWalConsumer, IDisposable
{
    /// <summary>The name that the position is kept under.</summary>
    public const string Name = "forwarder";

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    // A sink that refuses throws, and the host hands over the same batch again: see LoraWal:Consumers in the settings.
    public async ValueTask HandleAsync(IReadOnlyList<WalTransaction> batch, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>();
        if (!WriteEvents(batch, body))
        {
            return;
        }

        using var content = new ReadOnlyMemoryContent(body.WrittenMemory);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await _client.PostAsync(SinkAddress(), content, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => _client.Dispose();

    private bool WriteEvents(IReadOnlyList<WalTransaction> batch, ArrayBufferWriter<byte> body)
    {
        bool any = false;
        using var writer = new Utf8JsonWriter(body);
        writer.WriteStartArray();
        foreach (WalRecord record in batch.SelectMany(transaction => transaction))
        {
            if (wal.RecordTypes.TryRead<PostedEvent>(record, out PostedEvent? posted))
            {
                any = true;
                writer.WriteStartObject();
                writer.WriteNumber("lsn", record.Lsn.Value);
                writer.WritePropertyName("event");
                writer.WriteRawValue(posted.Json.Span, skipInputValidation: true); // validated when it was posted
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
        return any;
    }

    private Uri SinkAddress()
    {
        if (configuration["Forward:Url"] is { } url)
        {
            return new Uri(url);
        }

        // Consumers start before the server listens; its address is known a moment later, and the batch comes again.
        string own = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new InvalidOperationException("The server does not listen yet.");
        return new Uri(new Uri(own.Replace("*", "localhost", StringComparison.Ordinal)
            .Replace("[::]", "localhost", StringComparison.Ordinal)
            .Replace("+", "localhost", StringComparison.Ordinal)
            .Replace("0.0.0.0", "localhost", StringComparison.Ordinal)), Sink.Path);
    }
}
