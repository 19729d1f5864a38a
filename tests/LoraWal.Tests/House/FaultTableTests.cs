using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraWal.Tests.House;

public partial class FaultTableTests
{
    private const int Faults = 59;

    [Fact]
    public void Every_fault_has_a_test_and_every_test_that_is_named_exists()
    {
        HashSet<string> inCode = [.. Repository.ReadSources("tests").Values
            .SelectMany(source => TestMethod().Matches(source))
            .Select(match => match.Groups[1].Value)];
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reliability.md"));

        int row = 0;
        foreach (Match line in Row().Matches(page))
        {
            Assert.Equal(++row, int.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture));
            Assert.True(TestName().IsMatch(line.Groups[2].Value), $"Fault {row} names no test.");
        }

        Assert.Equal(Faults, row);
        Assert.All(TestName().Matches(page), name => Assert.Contains(name.Groups[1].Value, inCode));
    }

    [GeneratedRegex(@"^\| (\d+) \|.*\| (.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"public (?:static )?(?:async )?(?:void|Task|ValueTask) ([A-Za-z0-9_]+)\(")]
    private static partial Regex TestMethod();
}
