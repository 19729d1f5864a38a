using System.Text;

namespace WorkerSample.Tests;

public class EventJsonTests
{
    [Theory]
    [InlineData("", 1)]
    [InlineData(" \n ", 1)]
    [InlineData("{\"type\":", 1)]
    [InlineData("{\n\"type\":\"a\",\n\"x\":}", 3)]
    [InlineData("[]", 1)]
    [InlineData("\n\n5", 3)]
    [InlineData("{\"type\":5}", 1)]
    [InlineData("{\"type\":\"\"}", 1)]
    [InlineData("{\"kind\":\"a\"}", 1)]
    [InlineData("{\"type\":\"a\"}\n{\"type\":\"b\"}\n{\"kind\":\"c\"}", 3)]
    public void A_bad_body_is_refused_with_its_line(string body, int line) =>
        Assert.Equal(line, Assert.Throws<BadEventException>(() => EventJson.SplitJson(Bytes(body))).Line);

    [Theory]
    [InlineData("", 1)]
    [InlineData("\n\n", 1)]
    [InlineData("{\"type\":\"a\"}\n{\"type\":\n{\"type\":\"b\"}", 2)]
    [InlineData("{\"type\":\"a\"}\n\n{\"type\":\"b\"}{\"type\":\"c\"}", 3)]
    [InlineData("{\"type\":\"a\"}\r\nnot json\r\n", 2)]
    public void A_bad_line_is_refused_with_its_number(string body, int line) =>
        Assert.Equal(line, Assert.Throws<BadEventException>(() => EventJson.SplitLines(Bytes(body))).Line);

    [Fact]
    public void A_string_that_is_not_UTF8_is_refused_with_its_line()
    {
        byte[] body = [.. Bytes("{\"type\":\"a\"}\n{\"type\":\"").ToArray(), 0xFF, (byte)'"', (byte)'}'];
        Assert.Equal(2, Assert.Throws<BadEventException>(() => EventJson.SplitLines(body)).Line);
        Assert.Equal(2, Assert.Throws<BadEventException>(() => EventJson.SplitJson(body)).Line);
    }

    [Fact]
    public void Events_keep_their_bytes()
    {
        string[] events = ["{\"type\":\"a\", \"n\": 1}", "{\"nested\":{\"type\":5},\"type\":\"b\"}"];
        Assert.Equal(events, Texts(EventJson.SplitLines(Bytes(string.Join("\r\n\n", events) + "\n"))));
        Assert.Equal(events, Texts(EventJson.SplitJson(Bytes(string.Join("\n", events)))));
        Assert.Equal(["{\n\"type\":\"a\"\n}"], Texts(EventJson.SplitJson(Bytes(" {\n\"type\":\"a\"\n} "))));
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<string> Texts(IEnumerable<ReadOnlyMemory<byte>> events) =>
        events.Select(json => Encoding.UTF8.GetString(json.Span));
}
