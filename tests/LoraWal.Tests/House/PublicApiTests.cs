using PublicApiGenerator;

namespace LoraWal.Tests.House;

public class PublicApiTests
{
    private const string Approve = "LORAWAL_APPROVE";

    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        string path = Path.Combine(Repository.Root, "tests/LoraWal.Tests/House/LoraWal.approved.txt");
        string found = typeof(Wal).Assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
        });
        found = found.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Approve) == "1")
        {
            File.WriteAllText(path, found);
        }

        string approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        IReadOnlyList<string> changes = LineDifference.Between(approved, found);

        Assert.True(
            changes.Count == 0,
            $"The public surface has changed. If that is meant, run the tests with {Approve}=1 and commit the file.\n"
                + string.Join('\n', changes));
    }

    [Fact]
    public void A_change_is_shown_by_its_lines() => Assert.Equal(
        ["   2 - b", "   2 + B", "   4 + d"], LineDifference.Between("a\nb\nc\n", "a\nB\nc\nd\n"));

    [Fact]
    public void Equal_texts_have_no_difference() => Assert.Empty(LineDifference.Between("a\nb\n", "a\nb\n"));
}
