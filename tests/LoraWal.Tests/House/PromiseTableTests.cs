using System.Text.RegularExpressions;

namespace LoraWal.Tests.House;

public partial class PromiseTableTests
{
    private static readonly string[] Promises =
        ["P1", "P2", "P3", "P3b", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11", "P12", "P13"];

    [Fact]
    public void Every_promise_has_a_test_and_every_such_test_is_in_the_table()
    {
        string table = File.ReadAllText(Path.Combine(Repository.Root, "docs", "recovery.md"));
        SortedSet<string> inTable = [.. PromiseTest().Matches(table).Select(match => match.Value)];
        SortedSet<string> inCode = [.. typeof(PromiseTableTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Select(method => method.Name)
            .Where(name => PromiseTest().IsMatch(name))];

        Assert.Equal(inCode, inTable);
        Assert.All(Promises, promise => Assert.Contains(
            inCode, name => name.StartsWith(promise + "_", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"\bP[0-9]+b?_[A-Za-z0-9_]+")]
    private static partial Regex PromiseTest();
}
