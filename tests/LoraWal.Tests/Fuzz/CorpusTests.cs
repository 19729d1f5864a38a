using LoraWal.Fuzz;
using LoraWal.Segments;
using LoraWal.Tests.House;

namespace LoraWal.Tests.Fuzz;

/// <summary>The fuzzer's inputs, without the fuzzer: those it starts from, and those that once failed.</summary>
public class CorpusTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "LoraWal.Fuzz", "corpus");

    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void No_input_of_the_corpus_makes_any_target_fail(string name)
    {
        Assert.True(FuzzTargets.TryFind(name, out Action<byte[]>? target));
        string[] files = Directory.GetFiles(Folder, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(Folder, name)));
        foreach (string file in files)
        {
            Exception? failure = Record.Exception(() => target(File.ReadAllBytes(file)));
            Assert.True(failure is null, $"{name} on {Path.GetRelativePath(Folder, file)}: {failure}");
        }
    }

    [Fact]
    public void The_corpus_is_what_the_harness_makes() => Assert.All(
        Corpus.Make(),
        made => Assert.Equal(made.Input, File.ReadAllBytes(Path.Combine(Folder, made.Target, made.Name))));

    [Fact]
    public void A_directory_comes_back_from_its_script()
    {
        foreach ((_, _, byte[] input) in Corpus.Make().Where(made => made.Target == "open" && (made.Input[0] & 1) == 0))
        {
            Assert.Equal(input, DirectoryScript.Read(input).Write());
        }
    }

    [Fact]
    public void The_logs_of_the_corpus_can_be_read_and_repairing_changes_nothing_in_them()
    {
        foreach ((_, string name, byte[] input) in Corpus.Make().Where(made => made.Target == "open"))
        {
            byte[] plain = [(byte)(input[0] & ~1), .. input[1..]];
            SortedDictionary<string, byte[]> files = DirectoryScript.Read(plain).Files;
            Assert.True(files.Count > 0, name);
            Assert.All(
                Repaired(input).Where(file => SegmentName.TryParse(file.Key, out _)),
                file => Assert.True(file.Value.AsSpan().SequenceEqual(files[file.Key]), $"{name}: {file.Key}"));
        }
    }

    private static SortedDictionary<string, byte[]> Repaired(byte[] input) =>
        DirectoryScript.Read([(byte)(input[0] | 1), .. input[1..]]).Files;
}
