using System.Reflection;
using System.Runtime.Loader;
using LoraWal.Interleavings.StandIns;
using Microsoft.Coyote;
using Microsoft.Coyote.SystematicTesting;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace LoraWal.Interleavings.Controlled;

/// <summary>Copies of the log, the simulated disk and the scenarios in which Coyote decides who runs next.</summary>
/// <remarks>
/// Made in a folder beside the originals, which stay as they are: first the primitives that Coyote does not know are
/// replaced by stand-ins made of ones it does, then Coyote rewrites the result.
/// </remarks>
internal sealed class ControlledAssemblies : AssemblyLoadContext
{
    private const BindingFlags Any =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    // Each names only those before it.
    private static readonly string[] Names =
    [
        "LoraWal.Interleavings.StandIns", "LoraWal", "LoraWal.TestSupport", "LoraWal.Interleavings",
    ];

    private static readonly Dictionary<string, Type> StandIns = new()
    {
        ["System.Threading.Lock"] = typeof(ControlledLock),
        ["System.Threading.ManualResetEventSlim"] = typeof(ControlledEvent),
        ["System.Threading.CancellationTokenRegistration"] = typeof(ControlledRegistration),
    };

    // Coyote keeps names in a dictionary that all rewriting shares and nothing guards.
    private static readonly Lock Rewriting = new();

    private readonly string _folder;

    private ControlledAssemblies(string folder) => _folder = folder;

    /// <summary>Makes the copies and loads them.</summary>
    /// <param name="folder">Name of a folder for them.</param>
    /// <param name="change">A further change to the log, before Coyote's: a planted bug.</param>
    /// <returns>The copy of this assembly.</returns>
    public static Assembly Load(string folder, Action<ModuleDefinition>? change = null)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "controlled", folder);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        string substituted = Path.Combine(path, "substituted");
        string rewritten = Path.Combine(path, "rewritten");
        Directory.CreateDirectory(substituted);
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, $"{Names[0]}.*"))
        {
            File.Copy(file, Path.Combine(substituted, Path.GetFileName(file)));
        }

        foreach (string name in Names.Skip(1))
        {
            Substitute(name, substituted, name == "LoraWal" ? change : null);
        }

        lock (Rewriting)
        {
            Rewrite(substituted, rewritten);
        }

        return new ControlledAssemblies(rewritten).LoadFromAssemblyPath(Path.Combine(rewritten, $"{Names[^1]}.dll"));
    }

    protected override Assembly? Load(AssemblyName assemblyName) => Names.Contains(assemblyName.Name)
        ? LoadFromAssemblyPath(Path.Combine(_folder, $"{assemblyName.Name}.dll"))
        : null;

    private static void Substitute(string name, string folder, Action<ModuleDefinition>? change)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(
            Path.Combine(AppContext.BaseDirectory, $"{name}.dll"),
            new ReaderParameters { AssemblyResolver = resolver, ReadSymbols = true });
        ModuleDefinition module = assembly.MainModule;
        foreach (TypeReference used in module.GetTypeReferences().ToList())
        {
            if (StandIns.TryGetValue(used.FullName, out Type? standIn))
            {
                used.Scope = ReferenceTo(module, standIn.Assembly);
                used.Namespace = standIn.Namespace;
                used.Name = standIn.Name;
            }
        }

        StandInFor(
            module,
            typeof(CancellationToken).FullName!,
            nameof(CancellationToken.UnsafeRegister),
            typeof(ControlledRegistration).GetMethod(nameof(ControlledRegistration.UnsafeRegister))!);
        change?.Invoke(module);
        assembly.Write(Path.Combine(folder, $"{name}.dll"), new WriterParameters { WriteSymbols = true });
    }

    // An instance method of a struct and a static one that takes it by reference are called alike.
    private static void StandInFor(ModuleDefinition module, string type, string method, MethodInfo standIn)
    {
        foreach (MethodDefinition caller in module.GetTypes().SelectMany(owner => owner.Methods).Where(m => m.HasBody))
        {
            foreach (Instruction call in caller.Body.Instructions)
            {
                if (call.Operand is MethodReference called
                    && called.Name == method
                    && called.DeclaringType.FullName == type)
                {
                    call.Operand = module.ImportReference(standIn);
                }
            }
        }
    }

    private static AssemblyNameReference ReferenceTo(ModuleDefinition module, Assembly target)
    {
        var reference = AssemblyNameReference.Parse(target.FullName);
        if (module.AssemblyReferences.FirstOrDefault(known => known.Name == reference.Name) is { } known)
        {
            return known;
        }

        module.AssemblyReferences.Add(reference);
        return reference;
    }

    // The engine of the `coyote rewrite` tool is not public, and the tool is not in every package source.
    private static void Rewrite(string from, string to)
    {
        Assembly test = typeof(TestingEngine).Assembly;
        Assembly core = typeof(Configuration).Assembly;
        Configuration configuration = Configuration.Create();
        object options = test.GetType("Microsoft.Coyote.Rewriting.RewritingOptions", throwOnError: true)!
            .GetMethod("Create", Any)!.Invoke(null, null)!;
        Set("AssembliesDirectory", from);
        Set("OutputDirectory", to);
        Set("AssemblyPaths", Names.Select(name => Path.Combine(from, $"{name}.dll")).ToHashSet());
        Set("DependencySearchPaths", new List<string> { AppContext.BaseDirectory });
        test.GetType("Microsoft.Coyote.Rewriting.RewritingEngine", throwOnError: true)!
            .GetMethods(Any)
            .Single(method => method.Name == "Run" && method.IsStatic)
            .Invoke(null, [
                options,
                configuration,
                New(core, "Microsoft.Coyote.Logging.LogWriter", configuration, false),
                New(core, "Microsoft.Coyote.Profiler"),
            ]);

        void Set(string property, object value) =>
            options.GetType().GetProperty(property, Any)!.SetValue(options, value);
    }

    private static object New(Assembly assembly, string type, params object[] arguments) =>
        Activator.CreateInstance(assembly.GetType(type, throwOnError: true)!, Any, null, arguments, null)!;
}
