using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LoraWal.Extensions.Hosting.Tests;

public partial class ReadmeTests
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("host")]
    [InlineData("services")]
    [InlineData("alone")]
    [InlineData("reader")]
    [InlineData("types")]
    [InlineData("values")]
    [InlineData("dispatcher")]
    public void The_readme_shows_the_code_that_is_compiled_here(string region)
    {
        string source = Read("tests/LoraWal.Extensions.Hosting.Tests/ReadmeSnippets.cs");
        Match code = Regex.Match(
            source,
            $"^ *// README: {region}\n(?<code>.*?)^ *// README: end$",
            RegexOptions.Multiline | RegexOptions.Singleline);

        Assert.True(code.Success);
        Assert.Contains(Unindent(code.Groups["code"].Value), Read("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_code_without_a_host_runs()
    {
        string directory = Path.Combine(Directory.CreateTempSubdirectory("lorawal-readme-").FullName, "wal");
        try
        {
            Assert.Equal(["order 1"], await ReadmeSnippets.RunAloneAsync(directory));
            Assert.Equal(["order 1", "order 1"], await ReadmeSnippets.RunAloneAsync(directory));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(directory)!, recursive: true);
        }
    }

    [Fact]
    public async Task The_code_with_values_runs()
    {
        string directory = Directory.CreateTempSubdirectory("lorawal-readme-").FullName;
        try
        {
            HostApplicationBuilder builder = HostFixture.Builder(null, ("LoraWal:Directory", directory));
            ReadmeSnippets.AddTypes(builder);
            using IHost host = builder.Build();
            await host.StartAsync();
            IWal log = host.Services.GetRequiredService<IWal>();
            using var batch = new WalBatch();
            batch.Add(new OrderPlaced(2, "bob"), log.RecordTypes);
            batch.Add("raw"u8, 99);
            await ReadmeSnippets.AppendValuesAsync(log, batch);

            List<WalRecord> unknown = [];
            Assert.Equal([2], await ReadmeSnippets.ReadValuesAsync(log, unknown));
            Assert.Equal([99], unknown.Select(record => (int)record.RecordType));
            await host.StopAsync();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Every_setting_is_in_the_readme()
    {
        string readme = Read("README.md");
        string[] names =
        [
            .. typeof(LoraWalOptions).GetProperties().Select(property => property.Name)
                .Except(["Open", "Health", "Retention"]),
            .. typeof(LoraWalOpenOptions).GetProperties().Select(property => $"Open:{property.Name}"),
            .. typeof(LoraWalHealthOptions).GetProperties().Select(property => $"Health:{property.Name}"),
            .. typeof(WalRetentionOptions).GetProperties().Select(property => $"Retention:{property.Name}"),
        ];

        Assert.All(names, name => Assert.Contains($"| `{name}` |", readme, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_file_that_the_documents_link_to_exists()
    {
        string[] documents =
        [
            "README.md", "CONTRIBUTING.md", "CHANGELOG.md",
            .. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Root, path)),
        ];

        Assert.Empty(
            from document in documents
            from Match link in Link().Matches(Read(document))
            let folder = Path.GetDirectoryName(Path.Combine(Root, document))!
            where !Path.Exists(Path.Combine(folder, link.Groups[1].Value))
            select $"{document}: {link.Groups[1].Value}");
    }

    private static string Unindent(string code)
    {
        string[] lines = code.TrimEnd('\n').Split('\n');
        int indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart(' ').Length);
        return string.Join('\n', lines.Select(line => line.Length == 0 ? line : line[indent..])) + "\n";
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(Root, name)).ReplaceLineEndings("\n");

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LoraWal.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException($"No LoraWal.sln above '{AppContext.BaseDirectory}'.");
    }

    // Links to files: not to addresses, not within the page.
    [GeneratedRegex(@"\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();
}
