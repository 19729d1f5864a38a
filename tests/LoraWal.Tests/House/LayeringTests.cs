namespace LoraWal.Tests.House;

public class LayeringTests
{
    private static readonly Dictionary<string, string> Toy = new(StringComparer.Ordinal)
    {
        ["Wal.cs"] = "namespace L; public sealed class Wal { LogWriter a; Scanner b; }",
        ["WalOptions.cs"] = "namespace L; public class WalOptions { } public enum Policy { A }",
        ["WalEnvironment.cs"] = "namespace L; internal sealed record WalEnvironment { }",
        ["Lsn.cs"] = "namespace L; public readonly struct Lsn { }",
        ["Log/LogWriter.cs"] = "namespace L.Log; internal sealed class LogWriter(Segment s, IStorage t) { Meter m; }",
        ["Recovery/Scanner.cs"] = "namespace L.Recovery; internal sealed class Scanner { Segment s; Policy p; }",
        ["Segments/Segment.cs"] = "namespace L.Segments; sealed class Segment { Frame f; IStorage s; Lsn l; }",
        ["Records/Frame.cs"] = "namespace L.Records; record struct Frame(Lsn Lsn) { enum Scanner { } }",
        ["Storage/IStorage.cs"] = "namespace L.Storage; internal interface IStorage { } // Frame, Segment",
        ["Diagnostics/Meter.cs"] = "namespace L.Diagnostics; internal sealed class Meter { Lsn l; }",
    };

    [Fact]
    public void Every_file_names_only_types_of_its_own_folder_and_those_below() =>
        Assert.Empty(LayerCheck.FindViolations(Repository.ReadSources("src/LoraWal")));

    [Fact]
    public void The_layers_are_checked_on_the_real_sources() =>
        Assert.Contains("Storage/IStorage.cs", Repository.ReadSources("src/LoraWal").Keys);

    [Fact]
    public void A_sound_tree_has_no_violation() => Assert.Empty(LayerCheck.FindViolations(Toy));

    [Theory]
    [InlineData("Records", "IStorage", "Storage")]
    [InlineData("Storage", "Frame", "Records")]
    [InlineData("Storage", "Segment", "Segments")]
    [InlineData("Segments", "LogWriter", "Log")]
    [InlineData("Segments", "Meter", "Diagnostics")]
    [InlineData("Log", "Scanner", "Recovery")]
    [InlineData("Recovery", "LogWriter", "Log")]
    [InlineData("Diagnostics", "Segment", "Segments")]
    [InlineData("Log", "Wal", "the root")]
    [InlineData("Log", "WalOptions", "the root")]
    [InlineData("Recovery", "WalEnvironment", "the root")]
    public void A_planted_reference_that_points_up_or_sideways_is_found(string folder, string type, string home)
    {
        Dictionary<string, string> tree = new(Toy, StringComparer.Ordinal)
        {
            [$"{folder}/Planted.cs"] = $"namespace L.{folder}; internal sealed class Planted {{ {type}? x; }}",
        };

        Assert.Equal([$"{folder}/Planted.cs: names {type} of {home}"], LayerCheck.FindViolations(tree));
    }

    [Fact]
    public void A_name_in_a_comment_or_a_string_is_no_reference()
    {
        Dictionary<string, string> tree = new(Toy, StringComparer.Ordinal)
        {
            ["Records/Planted.cs"] = "namespace L.Records; static class Planted { string s = \"IStorage\"; /* Wal */ }",
        };

        Assert.Empty(LayerCheck.FindViolations(tree));
    }

    [Fact]
    public void A_folder_without_a_place_in_the_layers_is_found()
    {
        Dictionary<string, string> tree = new(Toy, StringComparer.Ordinal)
        {
            ["Utils/Helper.cs"] = "namespace L.Utils; static class Helper { }",
        };

        Assert.Equal(["Utils/Helper.cs: folder Utils has no place in the layers"], LayerCheck.FindViolations(tree));
    }
}
