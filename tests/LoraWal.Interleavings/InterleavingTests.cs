using System.Reflection;
using LoraWal.Interleavings.Controlled;
using LoraWal.Interleavings.Scenarios;
using Microsoft.Coyote;
using Microsoft.Coyote.SystematicTesting;

namespace LoraWal.Interleavings;

public class InterleavingTests
{
    [Fact]
    public void First()
    {
        Assembly copy = ControlledAssemblies.Load("sound");
        MethodInfo method = copy.GetType(typeof(CommitScenarios).FullName!)!.GetMethod(nameof(CommitScenarios.Appenders_and_a_tick))!;
        Configuration c = Configuration.Create().WithTestingIterations(1000).WithConsoleLoggingEnabled(false).WithTelemetryEnabled(false);
        using TestingEngine e = TestingEngine.Create(c, method.CreateDelegate<Func<Task>>());
        var sw = System.Diagnostics.Stopwatch.StartNew();
        e.Run();
        Console.WriteLine(sw.Elapsed);
        Console.WriteLine(e.GetReport());
        foreach (string s in e.TestReport.BugReports) Console.WriteLine(s);
        foreach (string s in e.TestReport.UncontrolledInvocations) Console.WriteLine("UNC " + s);
        foreach (string s in e.TestReport.InternalErrors) Console.WriteLine("INT " + s);
        Console.WriteLine(e.TestReport.TotalControlledOperations + " ops; rewritten " + e.IsTestRewritten());
        Assert.Equal(0, e.TestReport.NumOfFoundBugs);
    }
}
