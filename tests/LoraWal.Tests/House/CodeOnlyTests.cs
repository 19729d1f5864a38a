namespace LoraWal.Tests.House;

public class CodeOnlyTests
{
    [Theory]
    [InlineData("a // b\nc", "a     \nc")]
    [InlineData("a /* b\n c */ d", "a     \n      d")]
    [InlineData("f(\"x\\\"y\", z)", "f(      , z)")]
    [InlineData("f(@\"x\"\"y\\\", z)", "f(        , z)")]
    [InlineData("f('\\'', '\"', z)", "f(    ,    , z)")]
    [InlineData("f(\"\", z)", "f(  , z)")]
    [InlineData("f($\"x{a}y{b:X}{{c}}\", z)", "f(    a   b         , z)")]
    [InlineData("f($\"{g(\"}\", h ? 1 : 2)}\", z)", "f(   g(   , h ? 1 : 2)  , z)")]
    [InlineData("f(\"\"\"x\"y\"\"\", z)", "f(         , z)")]
    [InlineData("f($$\"\"\"x{y}{{a}}\"\"\", z)", "f(           a     , z)")]
    public void Comments_and_strings_are_blanked_and_code_in_holes_stays(string source, string code)
    {
        Assert.Equal(code, CodeOnly.Of(source));
        Assert.Equal(source.Length, code.Length);
    }
}
