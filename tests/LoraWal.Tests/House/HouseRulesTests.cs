using System.Text.RegularExpressions;

namespace LoraWal.Tests.House;

public partial class HouseRulesTests
{
    private const int FileLinesMax = 400;
    private const int LineColumnsMax = 120;
    private const int FunctionLinesMax = 70;

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    [InlineData("tests")]
    public void No_file_is_longer_than_400_lines(string folder) => Assert.Empty(
        Repository.ReadSources(folder)
            .Select(file => (file.Key, Lines: file.Value.AsSpan().Count('\n')))
            .Where(file => file.Lines > FileLinesMax)
            .Select(file => $"{file.Key}: {file.Lines} lines"));

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    [InlineData("tests")]
    public void No_line_is_longer_than_120_columns(string folder) => Assert.Empty(
        from file in Repository.ReadSources(folder)
        from line in file.Value.Split('\n').Index()
        where line.Item.TrimEnd('\r').Length > LineColumnsMax
        select $"{file.Key}({line.Index + 1}): {line.Item.Length} columns");

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    [InlineData("tests")]
    public void No_function_is_longer_than_70_lines(string folder) => Assert.Empty(
        from file in Repository.ReadSources(folder)
        from function in FunctionLengths.Measure(file.Value)
        where function.Lines > FunctionLinesMax
        select $"{file.Key}({function.Line}): {function.Lines} lines");

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    public void Nothing_calls_the_syncs_of_the_base_library_that_swallow_errors(string folder) => Assert.Empty(
        from file in Repository.ReadSources(folder)
        where SwallowingSync().IsMatch(CodeOnly.Of(file.Value))
        select file.Key);

    [Theory]
    [InlineData("stream.Flush(true);", true)]
    [InlineData("stream.Flush( flushToDisk: true );", true)]
    [InlineData("RandomAccess.FlushToDisk(handle);", true)]
    [InlineData("stream.Flush(); // not Flush(true)", false)]
    public void A_swallowing_sync_is_recognised(string code, bool found) =>
        Assert.Equal(found, SwallowingSync().IsMatch(CodeOnly.Of(code)));

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    [InlineData("tests")]
    public void No_file_has_a_region(string folder) => Assert.Empty(
        from file in Repository.ReadSources(folder)
        where Region().IsMatch(CodeOnly.Of(file.Value))
        select file.Key);

    [Theory]
    [InlineData("BannedSymbols.txt")]
    [InlineData("BannedSymbols.Tests.txt")]
    public void Every_banned_symbol_names_a_way_out(string file)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, "eng", file));

        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Matches(@"^[TMPFNE]:[^;]+;.*\w{3,}.*\.$", line));
    }

    [Fact]
    public void The_rules_are_checked_on_the_real_sources() =>
        Assert.Contains("LoraWal/Wal.cs", Repository.ReadSources("src").Keys);

    [Fact]
    public void Functions_are_measured_from_their_first_line_to_their_closing_brace()
    {
        const string Source = """
            namespace N;

            internal sealed class C(int a)
            {
                private static readonly int[] Table = new[]
                {
                    1,
                };

                public int P { get; } = 1;

                public C()
                    : this(a: 1)
                {
                    if (a == 1)
                    {
                        string s = "}";
                    }
                }

                private int Choose(int x = 2) => x switch
                {
                    _ => 1,
                };

                private record struct R(int X)
                {
                    public void M() { }
                }
            }
            """;

        Assert.Equal([(10, 1), (12, 8), (21, 4), (28, 1)], FunctionLengths.Measure(Source));
    }

    [GeneratedRegex(@"\bFlushToDisk\b|\.Flush\(\s*(flushToDisk\s*:\s*)?true\b")]
    private static partial Regex SwallowingSync();

    [GeneratedRegex(@"^\s*#\s*region", RegexOptions.Multiline)]
    private static partial Regex Region();
}
