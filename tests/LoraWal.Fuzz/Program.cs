using SharpFuzz;

namespace LoraWal.Fuzz;

/// <summary>Feeds bytes from a fuzzer, or from files, to a target. See fuzz.sh.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["--make-corpus", string folder]:
                Corpus.Write(folder);
                return 0;
            case [string name] when FuzzTargets.TryFind(name, out Action<byte[]>? target):
                Fuzzer.OutOfProcess.Run(stream => target(ReadAll(stream)));
                return 0;
            case [string name, .. string[] files] when FuzzTargets.TryFind(name, out Action<byte[]>? target):
                foreach (string file in files)
                {
                    Console.WriteLine(file);
                    target(File.ReadAllBytes(file));
                }

                return 0;
            default:
                Console.Error.WriteLine($"""
                    LoraWal.Fuzz --make-corpus FOLDER     writes the seed inputs of every target
                    LoraWal.Fuzz TARGET                   runs under afl-fuzz, input by input
                    LoraWal.Fuzz TARGET FILE...           runs on these files
                    Targets: {string.Join(", ", FuzzTargets.Names)}
                    """);
                return 2;
        }
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
