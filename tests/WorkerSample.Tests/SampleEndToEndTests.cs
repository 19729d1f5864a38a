using System.Text.Json;
using LoraWal;
using Microsoft.Extensions.DependencyInjection;

namespace WorkerSample.Tests;

/// <summary>The service over HTTP, with the real log.</summary>
public sealed class SampleEndToEndTests : IDisposable
{
    private const string Event = "{\"type\":\"order\"}";

    private readonly string _directory = Directory.CreateTempSubdirectory("lorawal-sample-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_event_is_accepted_once_written()
    {
        await using RunningSample sample = await RunningSample.StartAsync(_directory);
        (int status, JsonElement body) = await sample.PostAsync(Event);
        Assert.Equal(202, status);
        Assert.Equal("{\"first\":1,\"last\":1,\"durable\":false}", body.GetRawText());
    }

    [Fact]
    public async Task Durable_waits_for_the_sync()
    {
        await using RunningSample sample = await RunningSample.StartAsync(_directory);
        (int status, JsonElement body) = await sample.PostAsync(Event, query: "?durable=true");
        Assert.Equal(202, status);
        Assert.Equal("{\"first\":1,\"last\":1,\"durable\":true}", body.GetRawText());
        JsonElement wal = (await sample.GetAsync("/wal")).Body;
        Assert.Equal(1, wal.GetProperty("status").GetProperty("durableLsn").GetInt32());
    }

    [Fact]
    public async Task The_lines_of_a_request_are_one_transaction()
    {
        await using RunningSample sample = await RunningSample.StartAsync(_directory);
        await sample.PostAsync(Event);
        (int status, JsonElement body) = await sample.PostAsync(
            "{\"type\":\"a\"}\n{\"type\":\"b\"}\n{\"type\":\"a\"}\n", "application/x-ndjson");
        Assert.Equal(202, status);
        Assert.Equal("{\"first\":2,\"last\":4,\"durable\":false}", body.GetRawText());
        Assert.Equal(
            "{\"events\":4,\"byType\":{\"a\":2,\"b\":1,\"order\":1},\"lastLsn\":4}", await sample.StateAsync());

        JsonElement page = (await sample.GetAsync("/events?after=2&limit=1")).Body;
        JsonElement found = Assert.Single(page.GetProperty("events").EnumerateArray());
        Assert.Equal(3, found.GetProperty("lsn").GetInt32());
        Assert.Equal("b", found.GetProperty("event").GetProperty("type").GetString());
        Assert.Equal(3, page.GetProperty("next").GetInt32());
    }

    [Theory]
    [InlineData("", "application/json", 1)]
    [InlineData("{", "application/json", 1)]
    [InlineData("{\"type\":\"a\"}\nnope\n{\"type\":\"b\"}", "application/x-ndjson", 2)]
    public async Task A_malformed_body_writes_nothing_and_is_answered_with_its_line(
        string body, string contentType, int line)
    {
        await using RunningSample sample = await RunningSample.StartAsync(_directory);
        (int status, JsonElement problem) = await sample.PostAsync(body, contentType);
        Assert.Equal(400, status);
        Assert.Equal(line, problem.GetProperty("line").GetInt32());
        Assert.Equal("{\"events\":0,\"byType\":{},\"lastLsn\":0}", await sample.StateAsync());
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        await using RunningSample sample = await RunningSample.StartAsync(
            _directory, settings: "--LoraWal:MaxTransactionBytes=100");
        (int status, JsonElement problem) = await sample.PostAsync(
            $"{{\"type\":\"a\",\"x\":\"{new string('x', 100)}\"}}");
        Assert.Equal(413, status);
        Assert.Equal("Too large", problem.GetProperty("title").GetString());
        Assert.Equal(0, (await sample.GetAsync("/state")).Body.GetProperty("events").GetInt32());
    }

    [Fact]
    public async Task A_full_log_is_answered_with_the_reason()
    {
        (int status, JsonElement problem) = await PostToAsync(new WalFullException("no space in /data"));
        Assert.Equal(503, status);
        Assert.Equal("no space in /data", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_poisoned_log_is_answered_with_the_reason()
    {
        var fault = new WalFault("bg fsync failed: EIO", default, default, new IOException("EIO"));
        (int status, JsonElement problem) = await PostToAsync(new WalPoisonedException(fault, outcomeUnknown: true));
        Assert.Equal(503, status);
        Assert.Contains("bg fsync failed: EIO", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.True(problem.GetProperty("outcomeUnknown").GetBoolean());
    }

    [Theory]
    [InlineData("/events?after=x")]
    [InlineData("/events?limit=0")]
    public async Task A_bad_parameter_is_a_bad_request(string path)
    {
        await using RunningSample sample = await RunningSample.StartAsync(_directory);
        Assert.Equal(400, (await sample.GetAsync(path)).Status);
    }

    [Theory]
    [InlineData("GroupSync")]
    [InlineData("PerCommit")]
    public async Task The_state_is_the_same_after_a_restart(string mode)
    {
        string before;
        await using (RunningSample first = await RunningSample.StartAsync(
            _directory, settings: $"--LoraWal:SyncMode={mode}"))
        {
            await first.PostAsync(Event);
            await first.PostAsync("{\"type\":\"a\"}\n{\"type\":\"b\"}", "application/x-ndjson");
            before = await first.StateAsync();
        }

        await using RunningSample second = await RunningSample.StartAsync(_directory);
        Assert.Equal(before, await second.StateAsync());
        JsonElement recovery = (await second.GetAsync("/wal")).Body.GetProperty("recovery");
        Assert.Equal("Clean", recovery.GetProperty("verdict").GetString());
        Assert.Equal(3, recovery.GetProperty("lastLsn").GetInt32());
    }

    [Fact]
    public async Task A_restart_loads_the_snapshot_and_replays_what_lies_above_it()
    {
        string before;
        await using (RunningSample first = await RunningSample.StartAsync(
            _directory, settings: "--LoraWal:StateMachines:events:OnShutdown=false"))
        {
            await first.PostAsync("{\"type\":\"a\"}\n{\"type\":\"b\"}", "application/x-ndjson");
            (int status, JsonElement taken) = await first.PostToAsync("/snapshot");
            Assert.Equal(200, status);
            Assert.Equal(2, taken.GetProperty("lsn").GetInt32());
            await first.PostAsync(Event);
            before = await first.StateAsync();
        }

        await using RunningSample second = await RunningSample.StartAsync(_directory);
        Assert.Equal(before, await second.StateAsync());
        JsonElement machine = (await second.GetAsync("/wal")).Body.GetProperty("machine");
        Assert.Equal(2, machine.GetProperty("snapshotLsn").GetInt32());
        Assert.Equal(3, machine.GetProperty("appliedLsn").GetInt32());
    }

    [Fact]
    public async Task Events_are_stored_while_the_sink_is_off_and_forwarded_once_it_is_on()
    {
        await using RunningSample sample = await RunningSample.StartAsync(_directory);
        await sample.PostAsync(Event);
        JsonElement sink = await sample.WaitForSinkAsync(last: 1);
        Assert.Equal("{\"on\":true,\"received\":1,\"repeated\":0,\"first\":1,\"last\":1,\"inOrder\":true}",
            sink.GetRawText());

        await sample.PostToAsync("/sink/off");
        await sample.PostAsync("{\"type\":\"a\"}\n{\"type\":\"b\"}", "application/x-ndjson", "?durable=true");
        Assert.Equal(1, (await sample.GetAsync("/sink")).Body.GetProperty("last").GetInt32());
        await sample.PostToAsync("/sink/on");
        sink = await sample.WaitForSinkAsync(last: 3);
        Assert.Equal(3, sink.GetProperty("received").GetInt32());
        Assert.True(sink.GetProperty("inOrder").GetBoolean());
    }

    [Fact]
    public async Task What_the_sink_has_not_got_is_forwarded_after_a_restart()
    {
        await using (RunningSample first = await RunningSample.StartAsync(_directory))
        {
            await first.PostAsync(Event);
            await first.WaitForSinkAsync(last: 1);
            await first.PostToAsync("/sink/off");
            await first.PostAsync("{\"type\":\"a\"}\n{\"type\":\"b\"}", "application/x-ndjson", "?durable=true");
        }

        await using RunningSample second = await RunningSample.StartAsync(_directory);
        JsonElement sink = await second.WaitForSinkAsync(last: 3);
        Assert.InRange(sink.GetProperty("first").GetInt32(), 1, 2); // at least once
        Assert.True(sink.GetProperty("inOrder").GetBoolean());
    }

    [Theory]
    [InlineData("live")]
    [InlineData("ready")]
    public async Task Health_is_reported_with_its_data(string tag)
    {
        await using RunningSample sample = await RunningSample.StartAsync(
            _directory, settings: "--LoraWal:Health:MinFreeBytesDegraded=0");
        (int status, JsonElement body) = await sample.GetAsync($"/healthz/{tag}");
        Assert.Equal(200, status);
        Assert.Equal("Healthy", body.GetProperty("status").GetString());
        JsonElement data = body.GetProperty("checks").GetProperty($"lorawal-{tag}").GetProperty("data");
        Assert.Equal("Running", data.GetProperty("state").GetString());
        Assert.Equal(1, data.GetProperty("nextLsn").GetInt32());
    }

    private async Task<(int Status, JsonElement Body)> PostToAsync(Exception failure)
    {
        await using RunningSample sample = await RunningSample.StartAsync(
            _directory, services => services.AddSingleton<IWal>(new FailingWal(failure)));
        return await sample.PostAsync(Event);
    }
}
